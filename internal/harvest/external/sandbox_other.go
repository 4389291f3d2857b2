//go:build unix && !linux

package external

import (
	"os/exec"
	"syscall"
	"time"

	"grenier/internal/config"
)

// memoryEvery is how often the memory of programs would be looked at.
const memoryEvery = time.Hour

// Enter has nothing to do on this system: plug-ins are started as they are.
func Enter() {}

// command is the program of a plug-in, which nothing confines on this system but
// its account.
func command(plugin config.Harvester, _ Options, _ string) *exec.Cmd {
	return exec.Command(plugin.Command[0], plugin.Command[1:]...)
}

// Unconfined tells what a plug-in is not kept from.
func Unconfined(plugin config.Harvester) []string {
	if len(plugin.Command) == 0 {
		return nil
	}
	all := []string{"This system limits neither the files that the plug-in reaches nor its memory: it reads all that its account may read."}
	return append(all, asRoot(plugin)...)
}

// dieWithParent has no means on this system: a plug-in outlives this program when
// that is killed, until it writes its next line.
func dieWithParent(*syscall.SysProcAttr) {}

// judge would tell whether the program takes too much: it is not known here.
func (t tie) judge(int64) error { return nil }

// endStrays has no means on this system to know what left the process group.
func (t tie) endStrays() {}
