package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// writers is the number of clients that write at once.
const writers = 8

// desk is a server of its own for writes, with an organisation and a token that
// writes for it.
type desk struct {
	*process
	token, organization string
	// engine is the database server, when there is one and it runs here.
	engine *engine
}

// spent is the processor time of a server and of its database so far.
func (d *desk) spent() time.Duration { return d.cpu() + d.engine.cpu() }

// spentBy says whose time spent gives.
func (d *desk) spentBy() string {
	if d.engine != nil {
		return "CPU of server and PostgreSQL"
	}
	return "server CPU"
}

// measureWrites measures what producers wait for, on SQLite with
// synchronous=FULL and, when POSTGRES holds the address of an empty database, on
// PostgreSQL.
func (o options) measureWrites(ctx context.Context, r *report) error {
	if err := o.writesOn(ctx, r, "SQLite, synchronous=FULL"); err != nil {
		return err
	}
	address := os.Getenv("POSTGRES")
	if address == "" {
		fmt.Fprintln(os.Stderr, "  PostgreSQL is not measured: set POSTGRES to the address of an empty database")
		return nil
	}
	return o.writesOn(ctx, r, "PostgreSQL", "--database", address)
}

func (o options) writesOn(ctx context.Context, r *report, engine string, args ...string) error {
	o.folder = filepath.Join(o.folder, "writes-"+strings.ToLower(engine[:4]))
	d, err := o.desk(ctx, args...)
	if err != nil {
		return err
	}
	defer d.stop()
	if len(args) > 0 {
		if d.engine, err = localEngine(ctx, args[len(args)-1]); err != nil {
			return err
		}
	}
	if err := o.measureCreation(ctx, d, r, engine); err != nil {
		return err
	}
	if err := o.measureUpdate(d, r, engine); err != nil {
		return err
	}
	return o.measureReadsBesideWrites(ctx, d, r, engine)
}

// desk makes a server with an account by the program's own commands.
func (o options) desk(ctx context.Context, args ...string) (*desk, error) {
	const mail = "bench@example.org"
	command := func(words ...string) (string, error) { return o.command(ctx, append(words, args...)...) }
	if _, err := command("user", "create", mail, "--first-name", "Ada", "--last-name", "Banc"); err != nil {
		return nil, fmt.Errorf("user create: %w", err)
	}
	organization, err := command("org", "create", "Ville de Valmont", "--member", mail+":admin")
	if err != nil {
		return nil, fmt.Errorf("org create: %w", err)
	}
	token, err := command("token", "create", mail)
	if err != nil {
		return nil, fmt.Errorf("token create: %w", err)
	}
	p, _, err := o.serve(ctx, args...)
	if err != nil {
		return nil, err
	}
	return &desk{process: p, token: token, organization: organization}, nil
}

// command runs a command of the program on the bench's data and returns what it
// prints.
func (o options) command(ctx context.Context, words ...string) (string, error) {
	out, err := exec.CommandContext(ctx, o.program, append(words, "--data", o.data())...).Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w", words[0], err)
	}
	return strings.TrimSpace(string(out)), nil
}

// send is the text of a request with a JSON body.
func (d *desk) send(method, path string, body any) []byte {
	text, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	return fmt.Appendf(nil, "%s %s HTTP/1.1\r\nHost: %s\r\nAccept: application/json\r\nX-API-KEY: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
		method, path, d.address, d.token, len(text), text)
}

// create makes a dataset with so many resources and returns its identifier and
// those of its resources.
func (d *desk) create(title string, resources int) (id string, ids []string, err error) {
	text, err := json.Marshal(d.dataset(title, resources))
	if err != nil {
		return "", nil, err
	}
	request, err := http.NewRequest(http.MethodPost, "http://"+d.address+"/api/1/datasets/", bytes.NewReader(text))
	if err != nil {
		return "", nil, err
	}
	request.Header.Set("X-API-KEY", d.token)
	request.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusCreated {
		return "", nil, fmt.Errorf("creation answered %d", answer.StatusCode)
	}
	var made struct {
		ID        string
		Resources []struct{ ID string }
	}
	if err := json.NewDecoder(answer.Body).Decode(&made); err != nil {
		return "", nil, err
	}
	for _, resource := range made.Resources {
		ids = append(ids, resource.ID)
	}
	return made.ID, ids, nil
}

func (d *desk) dataset(title string, resources int) map[string]any {
	list := make([]any, resources)
	for i := range list {
		list[i] = map[string]any{
			"title": fmt.Sprintf("Comptages %d", i), "url": fmt.Sprintf("https://example.org/comptages/%d.csv", i), "format": "csv",
			"filetype": "remote", "type": "main", "description": "Passages par heure et par compteur.", "filesize": 20_000 + i,
		}
	}
	return map[string]any{
		"title": title, "description": strings.Repeat("Comptages des vélos par heure. ", 10), "license": "lov2", "frequency": "annual",
		"tags": []string{"mobilite", "velo", "comptage"}, "organization": d.organization, "resources": list,
		"temporal_coverage": map[string]any{"start": "2020-01-01", "end": "2020-12-31"},
	}
}

// client sends requests over one connection that stays open.
type client struct {
	conn   net.Conn
	reader *bufio.Reader
}

func (d *desk) client() (*client, error) {
	conn, err := net.Dial("tcp", d.address)
	if err != nil {
		return nil, err
	}
	return &client{conn, bufio.NewReaderSize(conn, 64<<10)}, nil
}

func (c *client) ask(text []byte, want int) error {
	status, _, err := request(c.conn, c.reader, text)
	if err == nil && status != want {
		err = fmt.Errorf("a write answered %d, not %d", status, want)
	}
	return err
}

// load lets clients write as fast as they are answered, for a while; it returns
// how many writes were answered. text gives the n-th write of a client.
func (d *desk) load(ctx context.Context, length time.Duration, want int, text func(client, n int) []byte) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, length)
	defer cancel()
	var done atomic.Int64
	errs := make([]error, writers)
	var wg sync.WaitGroup
	for i := range writers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			c, err := d.client()
			if err != nil {
				errs[i] = err
				return
			}
			defer c.conn.Close()
			for n := 0; ctx.Err() == nil && errs[i] == nil; n++ {
				if errs[i] = c.ask(text(i, n), want); errs[i] == nil {
					done.Add(1)
				}
			}
		}()
	}
	wg.Wait()
	return done.Load(), errors.Join(errs...)
}

func (o options) measureCreation(ctx context.Context, d *desk, r *report, engine string) error {
	creation := func(round int) func(client, n int) []byte {
		return func(client, n int) []byte {
			return d.send(http.MethodPost, "/api/1/datasets/", d.dataset(fmt.Sprintf("Comptages %d de %d, %d", n, client, round), 3))
		}
	}
	if _, err := d.load(ctx, o.round/2, http.StatusCreated, creation(0)); err != nil {
		return err
	}
	var rates, synced, costs []float64
	for round := range o.rounds {
		synced = append(synced, o.syncs())
		before := d.spent()
		count, err := d.load(ctx, o.round, http.StatusCreated, creation(round+1))
		if err != nil {
			return err
		}
		rates = append(rates, float64(count)/o.round.Seconds())
		costs = append(costs, (d.spent()-before).Seconds()*1000/float64(max(count, 1)))
	}
	rate := median(rates)
	r.add("creation of datasets with 3 resources by API, 8 clients of one organisation, "+engine, "≥ 400/s",
		fmt.Sprintf("%.0f/s, %.2f ms of %s each", rate, median(costs), d.spentBy()),
		fmt.Sprintf("%.0f fsync/s of 16 KB, one after the other", median(synced)), rate >= 400)
	return nil
}

// syncs is how many small writes a file of the same folder takes in a second,
// each made durable.
func (o options) syncs() float64 {
	file, err := os.CreateTemp(o.folder, "sync-")
	if err != nil {
		return 0
	}
	defer os.Remove(file.Name())
	defer file.Close()
	page := make([]byte, 16<<10)
	count, began := 0, time.Now()
	for ; time.Since(began) < 300*time.Millisecond; count++ {
		if _, err := file.Write(page); err != nil || file.Sync() != nil {
			return 0
		}
	}
	return float64(count) / time.Since(began).Seconds()
}

// manyResources is the size of the dataset whose resources are updated.
const manyResources = 15_000

func (o options) measureUpdate(d *desk, r *report, engine string) error {
	update := func(resources int) (times []float64, err error) {
		dataset, ids, err := d.create(fmt.Sprintf("Gros jeu de %d", resources), resources)
		if err != nil {
			return nil, err
		}
		c, err := d.client()
		if err != nil {
			return nil, err
		}
		defer c.conn.Close()
		for n := range 1000 {
			text := d.send(http.MethodPut, "/api/1/datasets/"+dataset+"/resources/"+ids[n*7919%len(ids)]+"/", map[string]any{
				"title": fmt.Sprintf("Comptages revus %d", n), "url": fmt.Sprintf("https://example.org/revus/%d.csv", n), "filesize": n,
			})
			began := time.Now()
			if err := c.ask(text, http.StatusOK); err != nil {
				return nil, err
			}
			if n >= 100 {
				times = append(times, time.Since(began).Seconds()*1000)
			}
		}
		return times, nil
	}
	few, err := update(3)
	if err != nil {
		return err
	}
	many, err := update(manyResources)
	if err != nil {
		return err
	}
	p95 := quantile(many, 0.95)
	r.add("update of one resource in a dataset of 15,000 resources, "+engine, "p95 ≤ 10 ms", fmt.Sprintf("p95 %.2f ms, median %.2f ms", p95, median(many)),
		fmt.Sprintf("p95 %.2f ms in a dataset of 3", quantile(few, 0.95)), p95 <= 10)
	return nil
}

// measureReadsBesideWrites compares the rate of a kept answer while clients
// update other datasets with its rate alone. What the writes take of the
// processors, clients and database included, is measured by themselves and set
// aside.
func (o options) measureReadsBesideWrites(ctx context.Context, d *desk, r *report, engine string) error {
	read, _, err := d.create("Lu par tous", 3)
	if err != nil {
		return err
	}
	path := "/api/1/datasets/" + read + "/"
	var targets [writers]string
	for i := range targets {
		id, ids, err := d.create(fmt.Sprintf("Écrit par %d", i), 3)
		if err != nil {
			return err
		}
		targets[i] = "/api/1/datasets/" + id + "/resources/" + ids[0] + "/"
	}
	writing := func(client, n int) []byte {
		return d.send(http.MethodPut, targets[client], map[string]any{"title": fmt.Sprintf("Version %d", n), "filesize": n})
	}
	var alone, beside, ratios, paces []float64
	for range o.rounds {
		single, err := rate(ctx, d.address, path, o.round)
		if err != nil {
			return err
		}
		began := d.spent() + ownCPU()
		count, err := d.load(ctx, o.round, http.StatusOK, writing)
		if err != nil {
			return err
		}
		each := (d.spent() + ownCPU() - began).Seconds() / float64(max(count, 1))
		var together int64
		var failed error
		var wg sync.WaitGroup
		wg.Add(1)
		go func() {
			defer wg.Done()
			together, failed = d.load(ctx, o.round, http.StatusOK, writing)
		}()
		mixed, err := rate(ctx, d.address, path, o.round)
		wg.Wait()
		if err := errors.Join(err, failed); err != nil {
			return err
		}
		pace := float64(together) / o.round.Seconds()
		left := 1 - min(0.9, each*pace/float64(runtime.NumCPU()))
		alone, beside, paces = append(alone, single), append(beside, mixed), append(paces, pace)
		ratios = append(ratios, mixed/left/single)
	}
	ratio := median(ratios)
	r.add("kept reads while 8 writers write, "+engine, "≥ 0.70 of the rate without writers, their CPU set aside",
		fmt.Sprintf("%.2f (%.0f/s beside %.0f writes/s)", ratio, median(beside), median(paces)), fmt.Sprintf("%.0f/s alone", median(alone)), ratio >= 0.7)
	return nil
}

// ownCPU is the processor time that this program used so far.
func ownCPU() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
