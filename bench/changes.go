package main

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

const (
	// changeReaders are connected to the change feed, half by streams, half by long answers.
	changeReaders = 1_000
	// changeRounds is how often something changes for all of them.
	changeRounds = 20
)

// measureChanges connects readers to the change feed and tells how long a change takes to reach the last of them,
// from the acknowledged write.
func (o options) measureChanges(ctx context.Context, r *report) error {
	o.folder = filepath.Join(o.folder, "changes")
	d, err := o.desk(ctx)
	if err != nil {
		return err
	}
	defer d.stop()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	heard := make(chan string, changeReaders*changeRounds)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: changeReaders, MaxConnsPerHost: 0}}
	var ready sync.WaitGroup
	failed := make(chan error, changeReaders)
	for n := range changeReaders {
		ready.Add(1)
		follow := d.followPolling
		if n%2 == 0 {
			follow = d.followStream
		}
		go func() {
			if err := follow(ctx, client, ready.Done, heard); err != nil && ctx.Err() == nil {
				failed <- err
			}
		}()
	}
	ready.Wait()
	time.Sleep(time.Second) // the long answers are being waited for
	var times []float64
	for round := range changeRounds {
		id, _, err := d.create(fmt.Sprintf("Change %d", round), 0)
		if err != nil {
			return err
		}
		began := time.Now()
		for got := 0; got < changeReaders; {
			select {
			case who := <-heard:
				if who == id {
					got++
				}
			case err := <-failed:
				return err
			case <-time.After(20 * time.Second):
				return fmt.Errorf("a change reached %d of %d readers", got, changeReaders)
			}
		}
		times = append(times, time.Since(began).Seconds()*1000)
		time.Sleep(200 * time.Millisecond)
	}
	worst := quantile(times, 1)
	r.add(fmt.Sprintf("change feed, %d connected readers, the last one told", changeReaders), "≤ 1 s after commit",
		fmt.Sprintf("worst %.0f ms, median %.0f ms", worst, median(times)), "–", worst <= 1000)
	return nil
}

// changesPath asks for new datasets from now on.
const changesPath = "/api/2/changes?kind=dataset.created&after="

// followStream tells the identifiers that a stream brings.
func (d *desk) followStream(ctx context.Context, client *http.Client, ready func(), heard chan<- string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+d.address+changesPath+"now", nil)
	if err != nil {
		return err
	}
	request.Header.Set("Accept", "text/event-stream")
	answer, err := client.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	ready()
	lines := bufio.NewScanner(answer.Body)
	for lines.Scan() {
		if id, ok := changedID(lines.Text()); ok {
			heard <- id
		}
	}
	return lines.Err()
}

// followPolling tells those that long answers bring, one after the other.
func (d *desk) followPolling(ctx context.Context, client *http.Client, ready func(), heard chan<- string) error {
	after := "now"
	for first := true; ; first = false {
		wait := "&wait=60"
		if first {
			wait = ""
		}
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+d.address+changesPath+after+wait, nil)
		if err != nil {
			return err
		}
		answer, err := client.Do(request)
		if err != nil {
			return err
		}
		for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
			if id, ok := changedID(lines.Text()); ok {
				heard <- id
			}
		}
		after = answer.Header.Get("X-Next-Position")
		if err := answer.Body.Close(); err != nil {
			return err
		}
		if answer.StatusCode != http.StatusOK {
			return fmt.Errorf("the change feed answered %d", answer.StatusCode)
		}
		if first {
			ready()
		}
	}
}

// changedID is the identifier in a line of the feed.
func changedID(line string) (string, bool) {
	_, rest, ok := strings.Cut(line, `"class":"Dataset","id":"`)
	id, _, _ := strings.Cut(rest, `"`)
	return id, ok
}
