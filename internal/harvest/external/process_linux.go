package external

import (
	"bytes"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// memoryEvery is how often programs are looked at.
const memoryEvery = 500 * time.Millisecond

// dieWithParent lets the system end a program when this one ends, however it does.
func dieWithParent(a *syscall.SysProcAttr) { a.Pdeathsig = syscall.SIGKILL }

// judge tells whether the program takes too much.
func (t tie) judge(memory int64) error {
	family := t.family()
	if len(family) > maxProcesses {
		return errProcesses
	}
	var pages int64
	for _, process := range family {
		pages += pagesOf(process)
	}
	if pages*int64(os.Getpagesize()) > memory {
		return errMemory
	}
	return nil
}

// family are the processes of the group, and those that come from them.
func (t tie) family() []int {
	all := processes()
	in := make(map[int]bool)
	for found := true; found; {
		found = false
		for process, kin := range all {
			if !in[process] && (kin.group == t.group || in[kin.parent]) {
				in[process], found = true, true
			}
		}
	}
	family := make([]int, 0, len(in))
	for process := range in {
		family = append(family, process)
	}
	return family
}

// endStrays ends what left the process group: processes are known by the folder
// that their environment names.
func (t tie) endStrays() {
	mark := append([]byte("TMPDIR="+t.folder), 0)
	for process := range processes() {
		environment, err := os.ReadFile("/proc/" + strconv.Itoa(process) + "/environ")
		if err == nil && process != os.Getpid() && bytes.Contains(environment, mark) {
			_ = syscall.Kill(process, syscall.SIGKILL)
		}
	}
}

// kin is where a process comes from.
type kin struct{ parent, group int }

// processes are those of this machine.
func processes() map[int]kin {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	all := make(map[int]kin)
	for _, entry := range entries {
		process, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		if text, err := os.ReadFile("/proc/" + entry.Name() + "/stat"); err == nil {
			all[process] = kinOf(string(text))
		}
	}
	return all
}

// kinOf reads the state of a process: its number, its name in parentheses, which
// may hold anything, its state, parent and group.
func kinOf(stat string) (k kin) {
	fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	if len(fields) < 3 {
		return kin{}
	}
	k.parent, _ = strconv.Atoi(fields[1]) // else 0, which is no process
	k.group, _ = strconv.Atoi(fields[2])
	return k
}

// pagesOf are the resident pages of a process that it shares with nobody.
func pagesOf(process int) int64 {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(process) + "/statm")
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(text))
	if len(fields) < 3 {
		return 0
	}
	resident, err := strconv.ParseInt(fields[1], 10, 64)
	if err != nil {
		return 0
	}
	shared, err := strconv.ParseInt(fields[2], 10, 64)
	if err != nil {
		return 0
	}
	return resident - shared
}
