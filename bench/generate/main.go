// Command generate writes large vegeta result files for the benchmark, with vegeta's own encoders.
//
//	generate -n 1000000 -shape lean|full -format gob|json|csv -seed 1 [-texts 1000000] -o FILE
//
// What is in them:
//
//   - n results of one attack named "bench", started every 200 µs (5,000/s) from 2026-01-01T00:00:00Z, Seq 0 to n-1;
//   - written in the order in which they end, as a real attack writes them (a heap by Timestamp + Latency);
//   - latency lognormal, median 8 ms, sigma 0.6, drawn alike for good and bad results;
//   - POST to four URLs, one per chain: of five requests two go to /ethereum and one each to /boba, /mantle, /kava;
//   - 1 % errors: 40 % of them "503 Service Unavailable", 20 % "429 Too Many Requests", and with code 0 (no bytes,
//     no body, no headers) 20 % resets, whose text carries a new port each time, and 20 % EOFs;
//   - with -texts N one result in ten fails with one of N error texts that have nothing in common but their beginning, a
//     word of letters each, so that no folding of ports and ids makes them one;
//   - shape lean: no body and no headers; shape full: a body of 120 bytes and 6 headers (on answers, not on code 0).
//
// The same seed gives the same results in every format; the bytes of gob and JSON still differ from run to run in
// shape full, because Go walks the header map in random order.
package main

import (
	"bufio"
	"container/heap"
	"flag"
	"fmt"
	"log"
	"math"
	"math/rand"
	"net/http"
	"os"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

const interval = 200 * time.Microsecond

// pending holds results that have started and not ended, the next to end first.
type pending []*vegeta.Result

func (p pending) Len() int           { return len(p) }
func (p pending) Less(i, j int) bool { return p[i].End().Before(p[j].End()) }
func (p pending) Swap(i, j int)      { p[i], p[j] = p[j], p[i] }
func (p *pending) Push(x any)        { *p = append(*p, x.(*vegeta.Result)) }
func (p *pending) Pop() any {
	last := len(*p) - 1
	r := (*p)[last]
	*p = (*p)[:last]
	return r
}

type generator struct {
	rng   *rand.Rand
	full  bool
	texts int
}

// word spells n in letters, as no other number is spelt.
func word(n int) string {
	letters := []byte{'q'}
	for ; n > 0; n /= 26 {
		letters = append(letters, byte('a'+n%26))
	}
	return string(letters)
}

var urls = [5]string{
	"http://gateway.test:8545/ethereum",
	"http://gateway.test:8545/boba",
	"http://gateway.test:8545/ethereum",
	"http://gateway.test:8545/mantle",
	"http://gateway.test:8545/kava",
}

// fill makes r the result number seq.
func (g *generator) fill(r *vegeta.Result, seq uint64, at time.Time) {
	url := urls[seq%5]
	*r = vegeta.Result{
		Attack:    "bench",
		Seq:       seq,
		Code:      200,
		Timestamp: at,
		Latency:   time.Duration(8e6 * math.Exp(0.6*g.rng.NormFloat64())),
		BytesOut:  60,
		BytesIn:   120,
		Method:    "POST",
		URL:       url,
	}
	if g.texts > 0 && seq%10 == 9 {
		r.Code, r.Error = 0, fmt.Sprintf("Post %q: backend %s gave up", url, word(int(seq/10)%g.texts))
	} else if g.rng.Float64() < 0.01 {
		switch kind := g.rng.Float64(); {
		case kind < 0.4:
			r.Code, r.Error = 503, "503 Service Unavailable"
		case kind < 0.6:
			r.Code, r.Error = 429, "429 Too Many Requests"
		case kind < 0.8:
			port := 32768 + g.rng.Intn(28232)
			r.Code, r.Error = 0, fmt.Sprintf("Post %q: read tcp 10.0.0.7:%d->10.0.0.1:8545: read: connection reset by peer", url, port)
		default:
			r.Code, r.Error = 0, fmt.Sprintf("Post %q: EOF", url)
		}
	}
	if r.Code == 0 {
		r.BytesIn, r.BytesOut = 0, 0
		return
	}
	if g.full {
		r.Body = []byte(fmt.Sprintf(`{"jsonrpc":"2.0","id":%08d,"result":"0x%064x"}`, seq%1e8, g.rng.Uint64()))
		for len(r.Body) < 120 {
			r.Body = append(r.Body, ' ')
		}
		r.Headers = http.Header{
			"Content-Type":   {"application/json"},
			"Content-Length": {"120"},
			"Date":           {at.UTC().Format(http.TimeFormat)},
			"Server":         {"gateway/3.1"},
			"Vary":           {"Origin"},
			"X-Request-Id":   {fmt.Sprintf("%016x", g.rng.Uint64())},
		}
	}
}

func run() error {
	n := flag.Uint64("n", 1_000_000, "number of results")
	shape := flag.String("shape", "lean", "lean or full")
	format := flag.String("format", "gob", "gob, json or csv")
	seed := flag.Int64("seed", 1, "seed of the random numbers")
	texts := flag.Int("texts", 0, "number of distinct error texts in a tenth of the results")
	out := flag.String("o", "", "file to write")
	flag.Parse()

	if *shape != "lean" && *shape != "full" {
		return fmt.Errorf("unknown shape %q", *shape)
	}
	if *out == "" {
		return fmt.Errorf("-o is missing")
	}
	encoders := map[string]func(*bufio.Writer) vegeta.Encoder{
		"gob":  func(w *bufio.Writer) vegeta.Encoder { return vegeta.NewEncoder(w) },
		"json": func(w *bufio.Writer) vegeta.Encoder { return vegeta.NewJSONEncoder(w) },
		"csv":  func(w *bufio.Writer) vegeta.Encoder { return vegeta.NewCSVEncoder(w) },
	}
	encoder, known := encoders[*format]
	if !known {
		return fmt.Errorf("unknown format %q", *format)
	}
	file, err := os.Create(*out)
	if err != nil {
		return err
	}
	defer file.Close()
	w := bufio.NewWriterSize(file, 1<<20)
	encode := encoder(w)

	g := &generator{rng: rand.New(rand.NewSource(*seed)), full: *shape == "full", texts: *texts}
	// Offset zero, not UTC: that is what an attack writes on a machine that runs on UTC.
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.FixedZone("", 0))
	running := pending{}
	spare := []*vegeta.Result{}
	for seq := uint64(0); seq < *n || len(running) > 0; {
		if len(running) > 0 && (seq == *n || !running[0].End().After(at)) {
			done := heap.Pop(&running).(*vegeta.Result)
			if err := encode.Encode(done); err != nil {
				return err
			}
			spare = append(spare, done)
			continue
		}
		r := &vegeta.Result{}
		if last := len(spare) - 1; last >= 0 {
			r, spare = spare[last], spare[:last]
		}
		g.fill(r, seq, at)
		heap.Push(&running, r)
		seq++
		at = at.Add(interval)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return file.Close()
}

func main() {
	log.SetFlags(0)
	log.SetPrefix("generate: ")
	if err := run(); err != nil {
		log.Fatal(err)
	}
}
