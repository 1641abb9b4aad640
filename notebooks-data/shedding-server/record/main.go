// Command server sheds load: what it cannot carry it refuses at once.
//
//	server -addr 127.0.0.1:8545 -truth FILE
//	server -merge DIR
//
// ethereum takes 40 ms a request and answers 503 if 10 are in service: it carries 250/s. boba takes 5 ms and answers 429
// above 200/s (burst 20) with Retry-After, its policy and not its strength. kava is well.
//
// It ends when its standard input does. -merge prints truth.json from DIR/server.json (the counts) and
// DIR/CHAIN.report.json (vegeta's report).
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"time"
)

type chain struct {
	work    time.Duration
	workers int     // 0: any number
	limit   float64 // requests/s, 0: none

	mu       sync.Mutex
	serving  int
	tokens   float64
	refilled time.Time
	first    time.Time
	last     time.Time
	status   map[int]int
	took     []time.Duration
}

const burst = 20

// admit says what becomes of a request: 200, 429 or 503.
func (c *chain) admit(now time.Time) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.first.IsZero() {
		c.first, c.refilled, c.tokens = now, now, burst
	}
	if c.limit > 0 {
		c.tokens = min(burst, c.tokens+now.Sub(c.refilled).Seconds()*c.limit)
		c.refilled = now
		if c.tokens < 1 {
			return http.StatusTooManyRequests
		}
		c.tokens--
	}
	if c.workers > 0 && c.serving >= c.workers {
		return http.StatusServiceUnavailable
	}
	c.serving++
	return http.StatusOK
}

func (c *chain) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	io.Copy(io.Discard, r.Body)
	status := c.admit(start)
	body := `{"jsonrpc":"2.0","id":1,"result":"0x10d4f00"}`
	switch status {
	case http.StatusOK:
		time.Sleep(c.work)
	case http.StatusTooManyRequests:
		body = `{"error":"rate limit"}`
		w.Header().Set("Retry-After", "1")
	default:
		body = `{"error":"no worker free"}`
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	io.WriteString(w, body)

	c.mu.Lock()
	defer c.mu.Unlock()
	c.last = time.Now()
	c.status[status]++
	if status == http.StatusOK {
		c.serving--
		c.took = append(c.took, c.last.Sub(start))
	}
}

// counts is what the server did with the requests of a chain.
type counts struct {
	Seen       int         `json:"seen"`
	Status     map[int]int `json:"status_codes"`
	Accepted   float64     `json:"accepted_rps"`
	ServiceP99 float64     `json:"accepted_service_p99_ms"`
}

func main() {
	addr := flag.String("addr", "127.0.0.1:8545", "address to listen on")
	truth := flag.String("truth", "", "file for the counts")
	merge := flag.String("merge", "", "directory to make truth.json from")
	flag.Parse()
	if *merge != "" {
		printTruth(*merge)
		return
	}
	chains := map[string]*chain{
		"ethereum": {work: 40 * time.Millisecond, workers: 10},
		"boba":     {work: 5 * time.Millisecond, limit: 200},
		"kava":     {work: 5 * time.Millisecond},
	}
	mux := http.NewServeMux()
	for name, c := range chains {
		c.status = map[int]int{}
		mux.Handle("/"+name, c)
	}
	go func() { log.Fatal(http.ListenAndServe(*addr, mux)) }()
	io.Copy(io.Discard, os.Stdin)

	out := map[string]counts{}
	for name, c := range chains {
		c.mu.Lock()
		n := counts{Status: c.status}
		for _, k := range c.status {
			n.Seen += k
		}
		if len(c.took) > 0 {
			sort.Slice(c.took, func(i, j int) bool { return c.took[i] < c.took[j] })
			n.ServiceP99 = float64(c.took[len(c.took)*99/100].Microseconds()) / 1000
			n.Accepted = float64(len(c.took)) / c.last.Sub(c.first).Seconds()
		}
		c.mu.Unlock()
		out[name] = n
	}
	text, err := json.Marshal(out)
	if err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile(*truth, text, 0o644); err != nil {
		log.Fatal(err)
	}
}

// printTruth joins the server's counts with vegeta's report of each recording.
func printTruth(dir string) {
	type entry struct {
		Server   counts `json:"server"`
		Recorded struct {
			Requests    int            `json:"requests"`
			Rate        float64        `json:"rate"`
			Success     float64        `json:"success"`
			StatusCodes map[string]int `json:"status_codes"`
		} `json:"recorded"`
		NeverSeen int `json:"never_seen_by_server"`
	}
	server := map[string]counts{}
	load(filepath.Join(dir, "server.json"), &server)
	files, err := filepath.Glob(filepath.Join(dir, "*.report.json"))
	if err != nil {
		log.Fatal(err)
	}
	out := map[string]*entry{}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".report.json")
		e := &entry{Server: server[name]}
		load(file, &e.Recorded)
		e.NeverSeen = e.Recorded.Requests - e.Server.Seen
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
