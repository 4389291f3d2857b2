package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// engine is the PostgreSQL server of a measure, whose processor time belongs to
// the cost of a write like that of the program. It is known when the server runs
// on this machine, in the same space of processes.
type engine struct{ postmaster int }

// localEngine finds the server that answers at an address; nil without one, or
// when its processes are not seen from here.
func localEngine(ctx context.Context, address string) (*engine, error) {
	if address == "" {
		return nil, nil
	}
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		return nil, err
	}
	defer conn.Close(ctx)
	var backend int
	if err := conn.QueryRow(ctx, "SELECT pg_backend_pid()").Scan(&backend); err != nil {
		return nil, err
	}
	name, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", backend))
	stat, ok := readStat(backend)
	if err != nil || !ok || !strings.HasPrefix(string(name), "postgres") {
		return nil, nil
	}
	return &engine{stat.parent}, nil
}

// cpu is the processor time that the server used so far: of its processes, and
// of those that have ended.
func (e *engine) cpu() time.Duration {
	if e == nil {
		return 0
	}
	own, _ := readStat(e.postmaster)
	total := own.used + own.ended
	processes, _ := filepath.Glob("/proc/[0-9]*")
	for _, process := range processes {
		pid, _ := strconv.Atoi(filepath.Base(process))
		if stat, ok := readStat(pid); ok && stat.parent == e.postmaster {
			total += stat.used + stat.ended
		}
	}
	return total
}

// stat is what the system tells of a process: its parent, the processor time it
// used, and that of its children that have ended.
type stat struct {
	parent      int
	used, ended time.Duration
}

func readStat(pid int) (stat, bool) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return stat{}, false
	}
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	number := func(at int) int64 {
		n, _ := strconv.ParseInt(fields[at], 10, 64)
		return n
	}
	ticks := func(n int64) time.Duration { return time.Duration(n) * (time.Second / 100) }
	return stat{parent: int(number(1)), used: ticks(number(11) + number(12)), ended: ticks(number(13) + number(14))}, true
}
