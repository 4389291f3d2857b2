package external

import (
	"errors"
	"io/fs"
	"os/exec"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"

	"grenier/internal/config"
	"grenier/internal/fault"
)

// memoryEvery is how often a program is looked at. The memory is bounded by its
// job object.
const memoryEvery = time.Hour

// Enter has nothing to do on this system: plug-ins are started as they are.
func Enter() {}

// command is the program of a plug-in, which its job object alone confines.
func command(plugin config.Harvester, _ Options, _ string) *exec.Cmd {
	return exec.Command(plugin.Command[0], plugin.Command[1:]...)
}

// Unconfined tells what a plug-in is not kept from.
func Unconfined(plugin config.Harvester) []string {
	if len(plugin.Command) == 0 {
		return nil
	}
	return []string{"This system does not limit the files that the plug-in reaches: it reads all that the account of Grenier may read."}
}

// account is what a program runs as; nil for the account of this program.
type account struct{}

func (*account) own(string) error { return nil }

// accountOf refuses other accounts, which would need their passwords.
func accountOf(name string) (*account, error) {
	if name != "" {
		return nil, fault.New(fault.Unavailable, "The plug-in cannot run as another account on Windows. Leave out the setting user.")
	}
	return nil, nil
}

func attributes(*account) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{HideWindow: true, CreationFlags: windows.CREATE_NEW_PROCESS_GROUP}
}

func executable(info fs.FileInfo) bool { return !info.IsDir() }

// signalOf: there are no signals on this system.
func signalOf(*exec.ExitError) string { return "" }

// tie is the job object of a program and all that it starts. It ends with its
// handle, and so with this program at the latest.
type tie struct{ job windows.Handle }

func bind(process int, _ string) (tie, error) {
	job, err := windows.CreateJobObject(nil, nil)
	if err != nil {
		return tie{}, err
	}
	limits := windows.JOBOBJECT_EXTENDED_LIMIT_INFORMATION{}
	limits.BasicLimitInformation.LimitFlags = windows.JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE | windows.JOB_OBJECT_LIMIT_ACTIVE_PROCESS
	limits.BasicLimitInformation.ActiveProcessLimit = maxProcesses
	_, err = windows.SetInformationJobObject(job, windows.JobObjectExtendedLimitInformation, uintptr(unsafe.Pointer(&limits)), uint32(unsafe.Sizeof(limits)))
	if err == nil {
		err = assign(job, process)
	}
	if err != nil {
		return tie{}, errors.Join(err, windows.CloseHandle(job))
	}
	return tie{job}, nil
}

func assign(job windows.Handle, process int) error {
	handle, err := windows.OpenProcess(windows.PROCESS_SET_QUOTA|windows.PROCESS_TERMINATE, false, uint32(process))
	if err != nil {
		return err
	}
	return errors.Join(windows.AssignProcessToJobObject(job, handle), windows.CloseHandle(handle))
}

// ask ends the program: this system has no way to ask.
func (t tie) ask() { t.end() }

// end ends the program and all that it started.
func (t tie) end() { _ = windows.TerminateJobObject(t.job, 1) }

// judge tells whether the program takes too much.
func (t tie) judge(int64) error { return nil }

func (t tie) release() { _ = windows.CloseHandle(t.job) }
