package external

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"grenier/internal/config"
	"grenier/internal/fault"
	"grenier/internal/harvest"
)

// How long a program may take to end after it was asked to, or after its last
// line.
const grace = 10 * time.Second

// Bounds of what a program writes to its standard error.
const (
	maxRemark  = 8 << 10
	maxRemarks = 10_000
)

// process is a program at work, with all that it starts.
type process struct {
	cmd    *exec.Cmd
	folder string // its own, which ends with it
	stdout *os.File
	stderr *os.File
	ended  chan error
	tie    tie // what holds it together with all that it starts
}

// run starts the program, sends it the request and takes its lines.
func (b *Backend) run(ctx context.Context, body []byte, line func([]byte) (bool, error), remark func(harvest.Log) error) error {
	p, err := start(b.plugin, b.o, append(body, '\n'))
	if err != nil {
		return err
	}
	defer p.close()
	for _, text := range Unconfined(b.plugin) {
		if err := remark(harvest.Log{Level: "warning", Message: text}); err != nil {
			return err
		}
	}
	t := &talk{process: p, plugin: b.plugin, line: line, remark: remark}
	return t.listen(ctx)
}

// start starts a program in a process group, a folder and an environment of its
// own.
func start(plugin config.Harvester, o Options, input []byte) (*process, error) {
	account, err := accountOf(plugin.User)
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "grenier-harvest-")
	if err != nil {
		return nil, fault.Wrap(err, fault.Internal, "The plug-in has no folder to work in.")
	}
	p := &process{folder: folder, ended: make(chan error, 1)}
	if err = account.own(folder); err == nil {
		err = p.start(plugin, o, account, input)
	}
	if err != nil {
		_ = os.RemoveAll(folder) // it is empty
		return nil, fault.Wrap(err, fault.Unavailable, fmt.Sprintf("The plug-in cannot be started: %v.", err))
	}
	return p, nil
}

func (p *process) start(plugin config.Harvester, o Options, account *account, input []byte) error {
	if info, err := os.Stat(plugin.Command[0]); err != nil {
		return err
	} else if !executable(info) {
		return fmt.Errorf("%s is no program", plugin.Command[0])
	}
	stdout, out, err := os.Pipe()
	if err != nil {
		return err
	}
	stderr, errs, err := os.Pipe()
	if err != nil {
		return errors.Join(err, stdout.Close(), out.Close())
	}
	p.stdout, p.stderr = stdout, stderr
	p.cmd = command(plugin, o, p.folder)
	p.cmd.Dir, p.cmd.Env = p.folder, []string{"GRENIER_HARVEST=1", "TMPDIR=" + p.folder, "LANG=C.UTF-8"}
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = bytes.NewReader(input), out, errs
	p.cmd.SysProcAttr = attributes(account)
	p.cmd.WaitDelay = time.Second // a program need not read its input
	err = p.launch()
	_, _ = out.Close(), errs.Close() // they are the program's
	if err != nil {
		return errors.Join(err, stdout.Close(), stderr.Close())
	}
	return nil
}

// launch starts the program and waits for its end on one thread of its own: where
// the system ends it together with this program, that is by the thread that
// started it.
func (p *process) launch() error {
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := p.cmd.Start()
		if err == nil {
			p.tie, err = bind(p.cmd.Process.Pid, p.folder)
			if err != nil {
				err = errors.Join(err, p.cmd.Process.Kill(), p.cmd.Wait())
			}
		}
		started <- err
		if err == nil {
			p.ended <- p.cmd.Wait()
		}
	}()
	return <-started
}

// stop ends the program: it is asked to, and ended by force when it does not.
func (p *process) stop() {
	p.tie.ask()
	select {
	case <-p.ended:
	case <-time.After(grace):
		p.tie.end()
		<-p.ended
	}
}

// close ends what is left of the program and takes its folder away.
func (p *process) close() {
	p.tie.end()
	p.tie.release()
	_, _ = p.stdout.Close(), p.stderr.Close()
	_ = os.RemoveAll(p.folder) // what cannot go now, the system clears
}

// talk is an exchange with a program.
type talk struct {
	*process
	plugin  config.Harvester
	line    func([]byte) (bool, error)
	remark  func(harvest.Log) error
	remarks int
	last    string // remark
}

// said is a line of a program, or why there is none.
type said struct {
	raw []byte
	err error
}

// listen takes the lines of a program until it ends, or has to.
func (t *talk) listen(ctx context.Context) error {
	stopped := make(chan struct{})
	defer close(stopped)
	lines, remarks := t.readLines(stopped), t.readRemarks(stopped)
	memory := time.NewTicker(memoryEvery)
	defer memory.Stop()
	idle := time.NewTimer(t.plugin.IdleTimeout)
	defer idle.Stop()
	for {
		select {
		case <-ctx.Done():
			return t.end(context.Cause(ctx))
		case <-idle.C:
			return t.end(errIdle)
		case <-memory.C:
			if err := t.tie.judge(int64(t.plugin.MaxRSS)); err != nil {
				return t.end(err)
			}
		case text := <-remarks:
			if err := t.take(text); err != nil {
				return t.end(err)
			}
			idle.Reset(t.plugin.IdleTimeout)
		case s := <-lines:
			if s.err == io.EOF {
				return t.settle(ctx, remarks)
			}
			if s.err != nil {
				return t.end(s.err)
			}
			more, err := t.line(s.raw)
			if err != nil {
				return t.end(err)
			}
			if !more {
				go func() { _, _ = io.Copy(io.Discard, t.stdout) }() // so that it can end
				return t.settle(ctx, remarks)
			}
			idle.Reset(t.plugin.IdleTimeout)
		}
	}
}

// end stops the program because of a failure.
func (t *talk) end(because error) error {
	t.stop()
	return because
}

// settle waits for a program that has said everything.
func (t *talk) settle(ctx context.Context, remarks <-chan string) error {
	late := time.NewTimer(grace)
	defer late.Stop()
	for {
		select {
		case <-ctx.Done():
			return t.end(context.Cause(ctx))
		case <-late.C:
			return t.end(fault.Newf(fault.BadGateway, "The plug-in did not end within %s of its last line.", grace))
		case text := <-remarks:
			if err := t.take(text); err != nil {
				return t.end(err)
			}
		case err := <-t.ended:
			if told := t.rest(remarks); told != nil {
				return told
			}
			return t.status(err)
		}
	}
}

// rest takes the remarks that came just before the end.
func (t *talk) rest(remarks <-chan string) error {
	for {
		select {
		case text := <-remarks:
			if err := t.take(text); err != nil {
				return err
			}
		case <-time.After(50 * time.Millisecond):
			return nil
		}
	}
}

// status judges how a program ended.
func (t *talk) status(err error) error {
	var exit *exec.ExitError
	if err == nil || errors.Is(err, exec.ErrWaitDelay) {
		return nil
	}
	if !errors.As(err, &exit) {
		return fault.Wrap(err, fault.Internal, "The plug-in cannot be waited for.")
	}
	text := fmt.Sprintf("The plug-in ended with exit status %d.", exit.ExitCode())
	if signal := signalOf(exit); signal != "" {
		text = fmt.Sprintf("The plug-in was ended by the signal %q.", signal)
	}
	if t.last != "" {
		text += " It said last: " + t.last
	}
	return fault.New(fault.BadGateway, text)
}

// take passes a remark on, as long as there are not too many.
func (t *talk) take(text string) error {
	t.last = text
	t.remarks++
	switch {
	case t.remarks < maxRemarks:
		return t.remark(harvest.Log{Level: "info", Message: text})
	case t.remarks == maxRemarks:
		return t.remark(harvest.Log{Level: "warning", Message: "The plug-in writes too much to its standard error; the rest is left out."})
	}
	return nil
}

// readLines reads the standard output.
func (t *talk) readLines(stopped <-chan struct{}) <-chan said {
	all := make(chan said, 16)
	go func() {
		in := newLines(t.stdout)
		for {
			raw, err := in.next()
			select {
			case all <- said{bytes.Clone(raw), err}:
			case <-stopped:
				return
			}
			if err != nil {
				return
			}
		}
	}()
	return all
}

// readRemarks reads the standard error.
func (t *talk) readRemarks(stopped <-chan struct{}) <-chan string {
	all := make(chan string, 16)
	go func() {
		in := bufio.NewReaderSize(t.stderr, maxRemark)
		for {
			raw, _, err := in.ReadLine() // a long line comes in pieces
			if err != nil {
				return
			}
			text := strings.TrimSpace(strings.ToValidUTF8(string(raw), "\uFFFD"))
			if text == "" {
				continue
			}
			select {
			case all <- text:
			case <-stopped:
				return
			}
		}
	}()
	return all
}
