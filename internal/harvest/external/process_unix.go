//go:build unix

package external

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"syscall"

	"grenier/internal/config"
	"grenier/internal/fault"
)

// account is what a program runs as; nil for the account of this program.
type account struct{ syscall.Credential }

// own gives a folder to the account.
func (a *account) own(folder string) error {
	if a == nil {
		return nil
	}
	return os.Chown(folder, int(a.Uid), int(a.Gid))
}

// accountOf finds the account that a program is to run as.
func accountOf(name string) (*account, error) {
	if name == "" {
		return nil, nil
	}
	found, err := user.Lookup(name)
	if err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, fmt.Sprintf("There is no account %q on this machine, which the plug-in is to run as.", name))
	}
	uid, err := strconv.ParseUint(found.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(found.Gid, 10, 32)
	if err != nil {
		return nil, err
	}
	switch {
	case int(uid) == os.Geteuid():
		return nil, nil
	case os.Geteuid() != 0:
		return nil, fault.Newf(fault.Unavailable, "The plug-in cannot run as %q: only root may start programs of other accounts. Leave out the setting user.", name)
	}
	return &account{syscall.Credential{Uid: uint32(uid), Gid: uint32(gid), Groups: []uint32{}}}, nil
}

// asRoot warns of a plug-in that runs as root.
func asRoot(plugin config.Harvester) []string {
	if os.Geteuid() != 0 || plugin.User != "" {
		return nil
	}
	return []string{"The plug-in runs as root: name an account for it by the setting user."}
}

// attributes start a program in a process group of its own.
func attributes(a *account) *syscall.SysProcAttr {
	all := &syscall.SysProcAttr{Setpgid: true}
	if a != nil {
		all.Credential = &a.Credential
	}
	dieWithParent(all)
	return all
}

func executable(info fs.FileInfo) bool { return !info.IsDir() && info.Mode()&0o111 != 0 }

// signalOf names the signal that ended a program, "" when none did.
func signalOf(exit *exec.ExitError) string {
	if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return status.Signal().String()
	}
	return ""
}

// tie is the process group of a program, which has its number, and what left the
// group.
type tie struct {
	group  int
	folder string // its own, by which its processes are known
}

func bind(process int, folder string) (tie, error) { return tie{process, folder}, nil }

// ask asks the program and all that it started to end.
func (t tie) ask() { _ = syscall.Kill(-t.group, syscall.SIGTERM) }

// end ends them by force.
func (t tie) end() {
	_ = syscall.Kill(-t.group, syscall.SIGKILL)
	t.endStrays()
}

func (t tie) release() {}
