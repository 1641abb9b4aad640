// The percentile distribution of a recording's latencies as HdrHistogram itself prints it.
//
//   vegeta encode -to csv FILE | java -cp HdrHistogram-2.2.2.jar tests/oracle/Hgrm.java success|failure|all
//
// The jar is org.hdrhistogram:HdrHistogram:2.2.2 of Maven Central. Latencies are recorded in nanoseconds with three
// significant digits and printed in milliseconds.

import java.util.Scanner;
import org.HdrHistogram.Histogram;

class Hgrm {
    public static void main(String[] args) {
        Histogram histogram = new Histogram(3);
        for (Scanner lines = new Scanner(System.in); lines.hasNextLine(); ) {
            String[] columns = lines.nextLine().split(",", 7);
            int code = Integer.parseInt(columns[1]);
            String outcome = code >= 200 && code < 400 && columns[5].isEmpty() ? "success" : "failure";
            if (args[0].equals("all") || args[0].equals(outcome)) {
                histogram.recordValue(Long.parseLong(columns[2]));
            }
        }
        histogram.outputPercentileDistribution(System.out, 5, 1e6);
    }
}
