// Command gateway is a stub of a JSON-RPC gateway in front of four chains, with faults of known size.
//
//	gateway -part healthy|failing -addr 127.0.0.1:8545 -truth FILE
//	gateway -merge DIR
//
// It answers POST /ethereum, /boba, /mantle and /kava, and ends when its standard input does. Then it
// writes what it did, per chain, to -truth: those counts are the truth that a reading of the recordings can
// be held against. Times in the faults count from the chain's first request.
//
// The part "failing":
//
//	ethereum  is well; its generator runs out of ports (see record.sh)
//	boba      from 8 s on closes 8 % of the connections without an answer and resets 3 %; from 15 s to 19 s
//	          it is down: the port is closed
//	mantle    from 12 s to 24 s takes 2 to 4 s for 35 % of the answers; 4 % of the answers are JSON-RPC errors
//	          inside HTTP 200, all the time
//	kava      answers 429 above 120 requests/s, and 503 if 5 requests are being served already
//
// -merge prints truth.json from DIR/PART-CHAIN.server.json (the above) and DIR/PART-CHAIN.report.json (vegeta's
// report of the recording).
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"math"
	"math/rand"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// chain is one blockchain behind the gateway, with its latency: lognormal, given by median and sigma.
type chain struct {
	name   string
	median time.Duration
	sigma  float64

	mu     sync.Mutex
	rng    *rand.Rand
	first  time.Time
	counts map[string]int

	tokens   float64 // kava's rate limit
	refilled time.Time
	serving  int // kava's workers at work
}

func (c *chain) count(what string) {
	c.mu.Lock()
	c.counts[what]++
	c.mu.Unlock()
}

// plan is what is to become of one request.
type plan struct {
	delay time.Duration
	kind  string // ok, slow, rpc_error_CODE, closed, reset, status_429, status_503
}

const (
	kavaRate    = 120.0
	kavaBurst   = 20.0
	kavaWorkers = 5
)

var rpcErrors = []struct {
	code    int
	message string
}{{-32000, "header not found"}, {-32005, "limit exceeded"}, {3, "execution reverted"}}

// decide draws the fate of a request that came in now.
func (c *chain) decide(failing bool, now time.Time) plan {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.first.IsZero() {
		c.first, c.refilled, c.tokens = now, now, kavaBurst
	}
	c.counts["seen"]++
	p := plan{kind: "ok", delay: time.Duration(float64(c.median) * math.Exp(c.sigma*c.rng.NormFloat64()))}
	if !failing {
		return p
	}
	at := now.Sub(c.first)
	draw := c.rng.Float64()
	switch c.name {
	case "boba":
		if at > 8*time.Second && draw < 0.08 {
			p.kind = "closed"
		} else if at > 8*time.Second && draw < 0.11 {
			p.kind = "reset"
		}
	case "mantle":
		if at > 12*time.Second && at < 24*time.Second && draw < 0.35 {
			p.kind = "slow"
			p.delay = 2*time.Second + time.Duration(c.rng.Int63n(int64(2*time.Second)))
		} else if c.rng.Float64() < 0.04 {
			p.kind = fmt.Sprintf("rpc_error_%d", rpcErrors[c.rng.Intn(len(rpcErrors))].code)
		}
	case "kava":
		c.tokens = math.Min(kavaBurst, c.tokens+now.Sub(c.refilled).Seconds()*kavaRate)
		c.refilled = now
		switch {
		case c.tokens < 1:
			p.kind, p.delay = "status_429", 0
		case c.serving >= kavaWorkers:
			c.tokens--
			p.kind, p.delay = "status_503", time.Millisecond
		default:
			c.tokens--
			c.serving++
		}
	}
	return p
}

func (c *chain) serve(w http.ResponseWriter, r *http.Request, failing bool) {
	io.Copy(io.Discard, r.Body)
	p := c.decide(failing, time.Now())
	time.Sleep(p.delay)
	if failing && c.name == "kava" && p.kind == "ok" {
		c.mu.Lock()
		c.serving--
		c.mu.Unlock()
	}
	c.count(p.kind)

	c.mu.Lock()
	block, relay := 0x10d4f00+c.counts["seen"]/20, 1+c.rng.Intn(3)
	c.mu.Unlock()
	status, body := http.StatusOK, fmt.Sprintf(`{"jsonrpc":"2.0","id":1,"result":"0x%x"}`, block)
	switch p.kind {
	case "closed", "reset":
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			log.Fatal(err)
		}
		if p.kind == "reset" {
			conn.(*net.TCPConn).SetLinger(0)
		}
		conn.Close()
		return
	case "status_429":
		status, body = http.StatusTooManyRequests, `{"error":"rate limit"}`
		w.Header().Set("Retry-After", "1")
	case "status_503":
		status, body = http.StatusServiceUnavailable, `{"error":"no relay free"}`
	default:
		for _, e := range rpcErrors {
			if p.kind == fmt.Sprintf("rpc_error_%d", e.code) {
				body = fmt.Sprintf(`{"jsonrpc":"2.0","id":1,"error":{"code":%d,"message":%q}}`, e.code, e.message)
			}
		}
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Relay", fmt.Sprintf("%s-%d", c.name, relay))
	if r.Close {
		answerAndWait(w, status, body)
		return
	}
	w.WriteHeader(status)
	io.WriteString(w, body)
}

// answerAndWait answers a client that will not reuse its connection, and lets the client close it. The
// side that closes first keeps the port in TIME_WAIT for a minute; servers that wait leave it to the client.
func answerAndWait(w http.ResponseWriter, status int, body string) {
	header := w.Header().Clone()
	header.Set("Connection", "close")
	header.Set("Content-Length", fmt.Sprint(len(body)))
	header.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "HTTP/1.1 %d %s\r\n", status, http.StatusText(status))
	header.Write(conn)
	io.WriteString(conn, "\r\n"+body)
	conn.SetReadDeadline(time.Now().Add(2 * time.Second))
	io.Copy(io.Discard, conn)
}

// gateway listens, and can be down for a while.
type gateway struct {
	addr    string
	handler http.Handler
	mu      sync.Mutex
	server  *http.Server
}

func (g *gateway) up() {
	listener, err := net.Listen("tcp", g.addr)
	if err != nil {
		log.Fatal(err)
	}
	server := &http.Server{Handler: g.handler}
	g.mu.Lock()
	g.server = server
	g.mu.Unlock()
	go server.Serve(listener)
}

func (g *gateway) down() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.server.Close()
}

func main() {
	addr := flag.String("addr", "127.0.0.1:8545", "address to listen on")
	part := flag.String("part", "healthy", "healthy or failing")
	truth := flag.String("truth", "", "file for the counts")
	merge := flag.String("merge", "", "directory to make truth.json from")
	flag.Parse()
	if *merge != "" {
		printTruth(*merge)
		return
	}
	failing := *part == "failing"

	chains := []*chain{
		{name: "ethereum", median: 12 * time.Millisecond, sigma: 0.45},
		{name: "boba", median: 18 * time.Millisecond, sigma: 0.5},
		{name: "mantle", median: 25 * time.Millisecond, sigma: 0.5},
		{name: "kava", median: 35 * time.Millisecond, sigma: 0.6},
	}
	mux := http.NewServeMux()
	g := &gateway{addr: *addr, handler: mux}
	for i, c := range chains {
		c := c
		c.rng = rand.New(rand.NewSource(int64(i + 1)))
		c.counts = map[string]int{}
		var outage sync.Once
		mux.HandleFunc("/"+c.name, func(w http.ResponseWriter, r *http.Request) {
			if failing && c.name == "boba" {
				outage.Do(func() {
					time.AfterFunc(15*time.Second, g.down)
					time.AfterFunc(19*time.Second, g.up)
				})
			}
			c.serve(w, r, failing)
		})
	}
	g.up()
	io.Copy(io.Discard, os.Stdin)

	out := map[string]map[string]int{}
	for _, c := range chains {
		c.mu.Lock()
		if c.counts["seen"] > 0 {
			out[c.name] = c.counts
		}
		c.mu.Unlock()
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
		Server   map[string]int `json:"server"`
		Recorded struct {
			Requests    int            `json:"requests"`
			StatusCodes map[string]int `json:"status_codes"`
		} `json:"recorded"`
		NeverSeen int `json:"never_seen_by_server"`
	}
	out := map[string]map[string]*entry{}
	files, err := filepath.Glob(filepath.Join(dir, "*.report.json"))
	if err != nil {
		log.Fatal(err)
	}
	for _, file := range files {
		part, name, _ := strings.Cut(strings.TrimSuffix(filepath.Base(file), ".report.json"), "-")
		e := &entry{}
		load(file, &e.Recorded)
		counts := map[string]map[string]int{}
		server := filepath.Join(dir, part+"-"+name+".server.json")
		if _, err := os.Stat(server); err != nil {
			server = filepath.Join(dir, part+".server.json")
		}
		load(server, &counts)
		e.Server = counts[name]
		e.NeverSeen = e.Recorded.Requests - e.Server["seen"]
		if out[part] == nil {
			out[part] = map[string]*entry{}
		}
		out[part][name] = e
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
