// Command server answers every request after a fixed time, closes connections that are idle for a second, and counts
// what it did.
//
//	server -addr 127.0.0.1:8080 -work 100ms -truth FILE
//	server -merge DIR
//
// It ends when its standard input does. -merge prints truth.json from DIR/NAME.plan.json (what record.sh intended),
// DIR/NAME.server.json (the counts) and DIR/NAME.report.json (vegeta's report).
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// counts is what the server did. Durations are from the start of the handler to its end: what the server took itself.
type counts struct {
	WorkMs      float64 `json:"work_ms"`
	Seen        int     `json:"seen"`
	ServiceP50  float64 `json:"service_p50_ms"`
	ServiceP99  float64 `json:"service_p99_ms"`
	ServiceMax  float64 `json:"service_max_ms"`
	ServedMost  int     `json:"in_service_at_most"`
	Connections int     `json:"connections"`
	OpenAtMost  int     `json:"connections_open_at_most"`
	ActiveS     float64 `json:"first_to_last_request_s"`
	CPUS        float64 `json:"cpu_s"` // user and system, from the first request to the last
}

func cpu() time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		log.Fatal(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "address to listen on")
	work := flag.Duration("work", 0, "time that each answer takes")
	truth := flag.String("truth", "", "file for the counts")
	merge := flag.String("merge", "", "directory to make truth.json from")
	flag.Parse()
	if *merge != "" {
		printTruth(*merge)
		return
	}
	c := counts{WorkMs: ms(*work)}
	var mu sync.Mutex
	var took []time.Duration
	var first, last time.Time
	var cpuFirst, cpuLast time.Duration
	var serving atomic.Int64
	open := 0
	handler := func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		now := int(serving.Add(1))
		if *work > 0 {
			time.Sleep(*work)
		}
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, `{"jsonrpc":"2.0","id":1,"result":"0x10d4f00"}`)
		serving.Add(-1)
		mu.Lock()
		if len(took) == 0 {
			first, cpuFirst = start, cpu()
		}
		if len(took)%100 == 0 {
			cpuLast = cpu()
		}
		last = time.Now()
		took = append(took, last.Sub(start))
		c.ServedMost = max(c.ServedMost, now)
		mu.Unlock()
	}
	server := &http.Server{Addr: *addr, Handler: http.HandlerFunc(handler), IdleTimeout: time.Second, ConnState: func(_ net.Conn, s http.ConnState) {
		mu.Lock()
		defer mu.Unlock()
		switch s {
		case http.StateNew:
			c.Connections++
			open++
			c.OpenAtMost = max(c.OpenAtMost, open)
		case http.StateClosed, http.StateHijacked:
			open--
		}
	}}
	go func() { log.Fatal(server.ListenAndServe()) }()
	io.Copy(io.Discard, os.Stdin)

	mu.Lock()
	defer mu.Unlock()
	sort.Slice(took, func(i, j int) bool { return took[i] < took[j] })
	if c.Seen = len(took); c.Seen > 0 {
		c.ServiceP50, c.ServiceP99, c.ServiceMax = ms(took[c.Seen/2]), ms(took[c.Seen*99/100]), ms(took[c.Seen-1])
		c.ActiveS, c.CPUS = last.Sub(first).Seconds(), (cpuLast - cpuFirst).Seconds()
	}
	text, err := json.Marshal(c)
	if err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile(*truth, text, 0o644); err != nil {
		log.Fatal(err)
	}
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// printTruth joins the server's counts with vegeta's report of each recording.
func printTruth(dir string) {
	type entry struct {
		Intended   float64         `json:"intended_rps"`
		Seconds    float64         `json:"attack_s"`
		Flags      string          `json:"flags"`
		FileLimit  int             `json:"generator_file_limit"`
		Neighbours int             `json:"generator_busy_neighbours"`
		Server     json.RawMessage `json:"server"`
		Recorded   struct {
			Requests    int            `json:"requests"`
			Rate        float64        `json:"rate"`
			Duration    float64        `json:"duration"` // nanoseconds
			Wait        float64        `json:"wait"`
			Success     float64        `json:"success"`
			StatusCodes map[string]int `json:"status_codes"`
		} `json:"recorded"`
		NeverSent int `json:"intended_but_never_sent"`
		NeverSeen int `json:"never_seen_by_server"`
	}
	out := map[string]*entry{}
	files, err := filepath.Glob(filepath.Join(dir, "*.report.json"))
	if err != nil {
		log.Fatal(err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".report.json")
		e := &entry{}
		load(file, &e.Recorded)
		load(filepath.Join(dir, name+".plan.json"), e)
		load(filepath.Join(dir, name+".server.json"), &e.Server)
		var c counts
		load(filepath.Join(dir, name+".server.json"), &c)
		e.NeverSent = int(e.Intended*e.Seconds) - e.Recorded.Requests
		e.NeverSeen = e.Recorded.Requests - c.Seen
		out[name] = e
	}
	text, err := json.MarshalIndent(out, "", "  ")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(text))
}

func load(file string, into any) {
	text, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(text, into)
	}
	if err != nil {
		log.Fatal(err)
	}
}
