// Command gateway is a stub of a JSON-RPC gateway in front of four chains: HTTP/2 over TLS, as Traefik speaks it,
// with a few relays behind each chain that carry far less than they are asked for.
//
//	gateway -addr 127.0.0.1:8443 -truth FILE
//	gateway -merge DIR
//
// A request waits in its chain's queue until a relay is free, and the relay then works on it for 200 ms. The
// gateway does not notice that a client has gone: it works on dead requests too, as a proxy does whose backend cannot be
// cancelled. A connection may have ten streams at once; what a client resets still occupies its handler, and beyond
// 40 requests that wait for a handler Go's HTTP/2 server answers GOAWAY ENHANCE_YOUR_CALM by itself.
//
// It ends when its standard input does, and writes what it did to -truth. It also looks at the network namespace that
// it shares with the generators, once a second, and counts the sockets on their local ports by state.
// Seconds count from the first request.
// -merge prints truth.json from DIR/server.json (the above) and DIR/CHAIN.report.json (vegeta's report).
package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	crand "crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	streams = 10                     // HTTP/2 streams that a connection may have at once
	work    = 200 * time.Millisecond // what a relay needs for a request
)

// relays is how many relays a chain has: each carries 5 requests/s.
var relays = map[string]int{"ethereum": 2, "boba": 1, "mantle": 1, "kava": 1}

// counts is what happened to the requests of a chain. Seen = Answered + ClientGone + Unfinished.
type counts struct {
	Seen       int     `json:"seen"`        // requests whose handler started
	Answered   int     `json:"answered"`    // worked on, and the client was still there
	ClientGone int     `json:"client_gone"` // worked on in vain: the client had given up
	Unfinished int     `json:"unfinished"`  // still in the queue at the end
	First      float64 `json:"first_seen_s"`
	LastAnswer float64 `json:"last_answer_s"`
}

type gateway struct {
	mu     sync.Mutex
	first  time.Time
	chains map[string]*counts
	free   map[string]chan struct{}

	Connections  int     `json:"connections"`
	OpenAtMost   int     `json:"connections_open_at_most"`
	Goaways      int     `json:"goaway_enhance_your_calm"`
	FirstGoaway  float64 `json:"first_goaway_s"`
	LastGoaway   float64 `json:"last_goaway_s"`
	HandshakeErr int     `json:"tls_handshakes_broken_off"`
	OtherErrors  int     `json:"other_errors"`
	open         int

	// Of the generators' sockets, the most that were seen at once: all, and those in TIME_WAIT.
	PortsAtMost    int     `json:"local_ports_at_most"`
	TimeWaitAtMost int     `json:"local_ports_in_time_wait_at_most"`
	PortsFull      float64 `json:"local_ports_99_percent_used_s"`
}

// sockets counts the generators' sockets in this network namespace: local port in the range, seen in /proc/net/tcp.
func sockets(low, high int) (all, timeWait int) {
	text, err := os.ReadFile("/proc/net/tcp")
	if err != nil {
		log.Fatal(err)
	}
	used := map[int]bool{}
	for _, line := range strings.Split(string(text), "\n")[1:] {
		fields := strings.Fields(line)
		if len(fields) < 4 {
			continue
		}
		_, hex, _ := strings.Cut(fields[1], ":")
		port, err := strconv.ParseInt(hex, 16, 32)
		if err != nil || int(port) < low || int(port) > high {
			continue
		}
		used[int(port)] = true
		if fields[3] == "06" {
			timeWait++
		}
	}
	return len(used), timeWait
}

func (g *gateway) watchPorts() {
	text, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range")
	if err != nil {
		log.Fatal(err)
	}
	var low, high int
	if _, err := fmt.Sscan(string(text), &low, &high); err != nil {
		log.Fatal(err)
	}
	for range time.Tick(time.Second) {
		all, timeWait := sockets(low, high)
		g.mu.Lock()
		g.PortsAtMost = max(g.PortsAtMost, all)
		g.TimeWaitAtMost = max(g.TimeWaitAtMost, timeWait)
		if g.PortsFull == 0 && all*100 >= (high-low+1)*99 {
			g.PortsFull = g.now()
		}
		g.mu.Unlock()
	}
}

func (g *gateway) now() float64 {
	if g.first.IsZero() {
		return 0
	}
	return float64(time.Since(g.first).Milliseconds()) / 1000
}

func (g *gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	chain := strings.TrimPrefix(r.URL.Path, "/")
	free, known := g.free[chain]
	if !known {
		http.NotFound(w, r)
		return
	}
	g.mu.Lock()
	if g.first.IsZero() {
		g.first = time.Now()
	}
	c := g.chains[chain]
	if c.Seen == 0 {
		c.First = g.now()
	}
	c.Seen++
	block := 0x10d4f00 + c.Seen/20
	g.mu.Unlock()

	free <- struct{}{}
	time.Sleep(work)
	<-free

	g.mu.Lock()
	if r.Context().Err() == nil {
		c.Answered++
		c.LastAnswer = g.now()
	} else {
		c.ClientGone++
	}
	g.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, `{"jsonrpc":"2.0","id":1,"result":"0x%x"}`, block)
}

// Write takes the server's own log, one line at a time: it is where net/http tells of a GOAWAY.
func (g *gateway) Write(line []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch text := string(line); {
	case strings.Contains(text, "ENHANCE_YOUR_CALM"):
		if g.Goaways == 0 {
			g.FirstGoaway = g.now()
		}
		g.LastGoaway = g.now()
		g.Goaways++
	case strings.Contains(text, "TLS handshake error"):
		g.HandshakeErr++
	default:
		g.OtherErrors++
		os.Stderr.Write(line)
	}
	return len(line), nil
}

func (g *gateway) state(_ net.Conn, s http.ConnState) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch s {
	case http.StateNew:
		g.Connections++
		g.open++
		g.OpenAtMost = max(g.OpenAtMost, g.open)
	case http.StateClosed, http.StateHijacked:
		g.open--
	}
}

func certificate() tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), crand.Reader)
	if err != nil {
		log.Fatal(err)
	}
	template := x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(crand.Reader, &template, &template, &key.PublicKey, key)
	if err != nil {
		log.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func main() {
	addr := flag.String("addr", "127.0.0.1:8443", "address to listen on")
	truth := flag.String("truth", "", "file for the counts")
	merge := flag.String("merge", "", "directory to make truth.json from")
	flag.Parse()
	if *merge != "" {
		printTruth(*merge)
		return
	}
	g := &gateway{chains: map[string]*counts{}, free: map[string]chan struct{}{}}
	for chain, n := range relays {
		g.chains[chain] = &counts{}
		g.free[chain] = make(chan struct{}, n)
	}
	server := &http.Server{
		Addr:      *addr,
		Handler:   g,
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{certificate()}},
		HTTP2:     &http.HTTP2Config{MaxConcurrentStreams: streams},
		ErrorLog:  log.New(g, "", 0),
		ConnState: g.state,
	}
	go g.watchPorts()
	go func() { log.Fatal(server.ListenAndServeTLS("", "")) }()
	io.Copy(io.Discard, os.Stdin)

	g.mu.Lock()
	defer g.mu.Unlock()
	for _, c := range g.chains {
		c.Unfinished = c.Seen - c.Answered - c.ClientGone
	}
	text, err := json.Marshal(struct {
		Chains map[string]*counts `json:"chains"`
		*gateway
	}{g.chains, g})
	if err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile(*truth, text, 0o644); err != nil {
		log.Fatal(err)
	}
}

// printTruth joins the gateway's counts with vegeta's report of each recording.
func printTruth(dir string) {
	type entry struct {
		Server   json.RawMessage `json:"server"`
		Recorded struct {
			Requests    int            `json:"requests"`
			StatusCodes map[string]int `json:"status_codes"`
			Rate        float64        `json:"rate"`
			Success     float64        `json:"success"`
		} `json:"recorded"`
		NoHandler int `json:"no_handler_started"`
	}
	var server map[string]json.RawMessage
	load(filepath.Join(dir, "server.json"), &server)
	var chains map[string]json.RawMessage
	if err := json.Unmarshal(server["chains"], &chains); err != nil {
		log.Fatal(err)
	}
	delete(server, "chains")
	entries := map[string]*entry{}
	requests, good := 0, 0
	for chain, text := range chains {
		e := &entry{Server: text}
		load(filepath.Join(dir, chain+".report.json"), &e.Recorded)
		var c counts
		if err := json.Unmarshal(text, &c); err != nil {
			log.Fatal(err)
		}
		e.NoHandler = e.Recorded.Requests - c.Seen
		requests += e.Recorded.Requests
		good += e.Recorded.StatusCodes["200"]
		entries[chain] = e
	}
	text, err := json.MarshalIndent(map[string]any{
		"chains": entries, "gateway": server, "requests": requests, "success_ratio": float64(good) / float64(requests),
	}, "", "  ")
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
