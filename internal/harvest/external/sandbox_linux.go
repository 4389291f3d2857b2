package external

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"

	"grenier/internal/config"
)

// sandboxName is what this program is called when it is started to shut itself in
// and then become a plug-in.
const sandboxName = "grenier-sandbox"

// Unconfined tells what a plug-in is not kept from.
func Unconfined(plugin config.Harvester) []string {
	if len(plugin.Command) == 0 {
		return nil
	}
	var all []string
	if _, err := landlockVersion(); plugin.Sandbox && err != nil {
		all = append(all, "This system has no Landlock: the plug-in reaches every file that its account may read.")
	}
	return append(all, asRoot(plugin)...)
}

// landlockVersion is the version of the interface of Landlock.
func landlockVersion() (int, error) {
	version, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if errno != 0 {
		return 0, errno
	}
	return int(version), nil
}

// confinement is what a plug-in may do.
type confinement struct {
	// Sandbox limits the files that it reaches.
	Sandbox bool
	Memory  int64 // of each process, in bytes
	Folder  string
	Read    []string
	Hidden  []string
}

// command is the program of a plug-in behind its confinement.
func command(plugin config.Harvester, o Options, folder string) *exec.Cmd {
	c := confinement{Sandbox: plugin.Sandbox, Memory: int64(plugin.MaxRSS), Folder: folder, Read: readable(plugin), Hidden: o.Hidden}
	spec, err := json.Marshal(c)
	if err != nil {
		panic(err) // it holds texts and numbers
	}
	cmd := exec.Command("/proc/self/exe")
	cmd.Args = append([]string{sandboxName, string(spec)}, plugin.Command...)
	return cmd
}

// system are the folders that programs are made of.
var system = []string{"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/etc", "/opt", "/nix/store", "/proc", "/sys/devices/system/cpu", "/run/systemd/resolve", "/run/resolvconf"}

// readable are the folders that a plug-in reads: those of the system, its own, and
// those that the operator names.
func readable(plugin config.Harvester) []string {
	all := append([]string{}, system...)
	for _, part := range plugin.Command {
		if !filepath.IsAbs(part) {
			continue
		}
		found, err := filepath.EvalSymlinks(part)
		if err != nil {
			continue // an argument that is no file
		}
		if info, err := os.Stat(found); err == nil && !info.IsDir() && filepath.Dir(found) != "/" {
			found = filepath.Dir(found)
		}
		all = append(all, found)
	}
	return append(all, plugin.Read...)
}

// Enter is called first by programs that start plug-ins. Where this process was
// started to become one, it does, and does not return.
func Enter() {
	if len(os.Args) < 3 || os.Args[0] != sandboxName {
		return
	}
	var c confinement
	err := json.Unmarshal([]byte(os.Args[1]), &c)
	if err == nil {
		err = c.apply()
	}
	if err == nil {
		err = unix.Exec(os.Args[2], os.Args[2:], os.Environ())
	}
	fmt.Fprintf(os.Stderr, "the plug-in cannot be started: %v\n", err)
	os.Exit(126)
}

// maxTasks is how many threads the account may have for a plug-in to start
// another: it stops what multiplies faster than it is looked at.
const maxTasks = 4096

// apply shuts this process in, for good.
func (c confinement) apply() error {
	memory := uint64(max(c.Memory, 0))
	var tasks unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NPROC, &tasks); err != nil {
		return err
	}
	tasks.Max = min(tasks.Max, maxTasks)
	tasks.Cur = min(tasks.Cur, tasks.Max)
	for what, limit := range map[int]unix.Rlimit{unix.RLIMIT_DATA: {Cur: memory, Max: memory}, unix.RLIMIT_CORE: {}, unix.RLIMIT_NPROC: tasks} {
		if err := unix.Setrlimit(what, &limit); err != nil {
			return err
		}
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	if !c.Sandbox {
		return nil
	}
	err := c.landlock()
	if errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EOPNOTSUPP) {
		return nil // which Unconfined tells
	}
	return err
}

// Rights of Landlock by the version of its interface that brought them.
const (
	mayRead   = unix.LANDLOCK_ACCESS_FS_EXECUTE | unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_READ_DIR
	firstAll  = 1<<13 - 1
	ofAFile   = unix.LANDLOCK_ACCESS_FS_EXECUTE | unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_WRITE_FILE | unix.LANDLOCK_ACCESS_FS_TRUNCATE
	devicesRW = unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_WRITE_FILE
)

// landlock leaves this process the files of its confinement alone (Landlock,
// Linux 5.13). All threads must be bound by it: what follows is an exec, and the
// thread that calls it is the one that stays.
func (c confinement) landlock() error {
	version, err := landlockVersion()
	if err != nil {
		return err
	}
	handled := uint64(firstAll)
	if version >= 2 {
		handled |= unix.LANDLOCK_ACCESS_FS_REFER
	}
	if version >= 3 {
		handled |= unix.LANDLOCK_ACCESS_FS_TRUNCATE
	}
	attributes := unix.LandlockRulesetAttr{Handled_access_fs: handled}
	size := unsafe.Sizeof(attributes.Handled_access_fs)
	if version >= 6 { // else it may end this program
		attributes.Scoped = unix.LANDLOCK_SCOPE_SIGNAL | unix.LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET
		size = unsafe.Offsetof(attributes.Scoped) + unsafe.Sizeof(attributes.Scoped)
	}
	set, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&attributes)), size, 0)
	if errno != 0 {
		return errno
	}
	rules := ruleset{int(set), handled}
	for _, path := range c.Read {
		if err := rules.around(path, hiddenPaths(c.Hidden)); err != nil {
			return err
		}
	}
	for _, device := range []string{"/dev/null", "/dev/zero", "/dev/random", "/dev/urandom"} {
		if err := rules.allow(device, devicesRW); err != nil {
			return err
		}
	}
	if err := rules.allow(c.Folder, handled); err != nil {
		return err
	}
	if _, _, errno := unix.Syscall(unix.SYS_LANDLOCK_RESTRICT_SELF, set, 0, 0); errno != 0 {
		return errno
	}
	return unix.Close(int(set))
}

// hiddenPaths are the paths behind symbolic links.
func hiddenPaths(paths []string) []string {
	var all []string
	for _, path := range paths {
		if found, err := filepath.EvalSymlinks(path); err == nil {
			path = found
		}
		if absolute, err := filepath.Abs(path); err == nil {
			all = append(all, absolute)
		}
	}
	return all
}

type ruleset struct {
	fd      int
	handled uint64
}

// allow lets a path be used, with all below it. A path that is not there, or not
// to be had, is left out.
func (r ruleset) allow(path string, access uint64) error {
	fd, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil
	}
	defer unix.Close(fd)
	var about unix.Stat_t
	if err := unix.Fstat(fd, &about); err != nil {
		return err
	}
	if about.Mode&unix.S_IFMT != unix.S_IFDIR {
		access &= ofAFile
	}
	rule := unix.LandlockPathBeneathAttr{Allowed_access: access & r.handled, Parent_fd: int32(fd)}
	if _, _, errno := unix.Syscall6(unix.SYS_LANDLOCK_ADD_RULE, uintptr(r.fd), unix.LANDLOCK_RULE_PATH_BENEATH, uintptr(unsafe.Pointer(&rule)), 0, 0, 0); errno != 0 {
		return fmt.Errorf("%s: %w", path, errno)
	}
	return nil
}

// around lets a folder be read, but for what is hidden in it.
func (r ruleset) around(path string, hidden []string) error {
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return nil // not there
	}
	inside := false
	for _, secret := range hidden {
		if path == secret || strings.HasPrefix(path, secret+"/") {
			return nil
		}
		inside = inside || strings.HasPrefix(secret, strings.TrimSuffix(path, "/")+"/")
	}
	if !inside {
		return r.allow(path, mayRead)
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil // this account may not look there
	}
	for _, entry := range entries {
		if err := r.around(filepath.Join(path, entry.Name()), hidden); err != nil {
			return err
		}
	}
	return nil
}
