// Grenier is an open-data platform in one program. Each command has a file of
// its own; what they do is in the packages below internal.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"grenier/internal/app"
	"grenier/internal/config"
	"grenier/internal/db"
	"grenier/internal/fault"
	"grenier/internal/harvest/external"
	"grenier/internal/progress"
)

// The exit statuses, which scripts depend on.
const (
	statusDone   = 0
	statusFailed = 1
	statusUsage  = 2
)

func main() {
	external.Enter()      // becomes a plug-in, when it was started for that
	time.Local = time.UTC // before anything reads a time: what is kept is UTC
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	p := &program{in: os.Stdin, out: os.Stdout, err: os.Stderr, lookup: os.LookupEnv, environ: os.Environ()}
	os.Exit(p.run(ctx, os.Args[1:]))
}

// commands is the command line.
type commands struct {
	config.Flags

	Serve   serveCommand   `cmd:"" help:"Run the platform."`
	Demo    demoCommand    `cmd:"" help:"Run the platform with the demo catalogue, in ./demo-data."`
	Import  importCommand  `cmd:"" help:"Bring in catalogues and zones."`
	User    userCommand    `cmd:"" help:"Manage the accounts of people."`
	Token   tokenCommand   `cmd:"" help:"Manage the tokens by which programs act as people."`
	Org     orgCommand     `cmd:"" help:"Manage organizations."`
	Harvest harvestCommand `cmd:"" help:"Harvest remote portals and keep them in step."`
	Index   indexCommand   `cmd:"" help:"Manage the search index."`
	Backup  backupCommand  `cmd:"" help:"Write a backup, also beside a running server (SQLite)."`
	Restore restoreCommand `cmd:"" help:"Make the database of a data folder from a backup (SQLite)."`
	Check   checkCommand   `cmd:"" help:"Verify what is stored, and say how to mend it."`
	Theme   themeCommand   `cmd:"" help:"Check theme packs."`
	Config  configCommand  `cmd:"" name:"config" help:"Print the settings, and where each comes from."`
	Version versionCommand `cmd:"" help:"Print the version."`
}

// program is one run of the command line, with what it may touch of the
// outside.
type program struct {
	in       io.Reader
	out, err io.Writer
	lookup   func(string) (string, bool)
	environ  []string

	settings *config.Settings
	sources  *config.Sources
	parsed   *kong.Context
}

// usageError is a command line that cannot be meant.
type usageError struct{ text string }

func (e *usageError) Error() string { return e.text }

func usage(format string, arguments ...any) error {
	return &usageError{fmt.Sprintf(format, arguments...)}
}

// exit ends the parsing early, after the help was printed.
type exit int

// run executes a command line and returns the exit status.
func (p *program) run(ctx context.Context, arguments []string) (status int) {
	defer func() {
		if reason := recover(); reason != nil {
			code, ok := reason.(exit)
			if !ok {
				panic(reason)
			}
			status = int(code)
		}
	}()
	err := p.execute(ctx, arguments)
	if err == nil {
		return statusDone
	}
	fmt.Fprintln(p.err, "grenier: "+p.tell(ctx, err))
	var wrong *usageError
	if errors.As(err, &wrong) {
		return statusUsage
	}
	return statusFailed
}

func (p *program) execute(ctx context.Context, arguments []string) error {
	var line commands
	p.sources = config.NewSources(p.lookup)
	p.sources.Defaults = func(command string) map[string]string {
		if command == "demo" {
			return map[string]string{"data": "./demo-data"}
		}
		return nil
	}
	parser, err := kong.New(&line, append(p.sources.Options(),
		kong.Name("grenier"), kong.Description("An open-data platform in one program."),
		kong.Writers(p.out, p.err), kong.Exit(func(code int) { panic(exit(code)) }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}), kong.Help(printHelp), kong.ValueFormatter(describe),
		kong.ExplicitGroups(groups()),
		kong.BindTo(ctx, (*context.Context)(nil)),
	)...)
	if err != nil {
		return err
	}
	p.parsed, err = parser.Parse(arguments)
	if err != nil {
		return usage("%s (see `%s --help`)", p.sources.Explain(err), p.commandName(err))
	}
	if err := p.sources.Check(&line.Settings); err != nil {
		return usage("%s", err)
	}
	p.settings = &line.Settings
	return p.parsed.Run(p)
}

// commandName is as much of the command as a wrong command line names.
func (p *program) commandName(err error) string {
	var parse *kong.ParseError
	if errors.As(err, &parse) {
		if selected := parse.Context.Selected(); selected != nil {
			return selected.FullPath()
		}
	}
	return "grenier"
}

// describe adds its default to the help of a flag.
func describe(value *kong.Value) string {
	if value.Flag == nil || !value.HasDefault || value.Default == "" {
		return value.Help
	}
	return value.Help + " [" + value.Default + "]"
}

// groups orders the help of the settings.
func groups() []kong.Group {
	var groups []kong.Group
	for _, name := range config.Groups() {
		groups = append(groups, kong.Group{Key: name, Title: name + ":"})
	}
	return groups
}

// everywhere are the settings that the help of every command shows. The others
// count for every command too, but matter to a server.
var everywhere = map[string]bool{"data": true, "database": true, "config": true}

func printHelp(options kong.HelpOptions, ctx *kong.Context) error {
	selected := ctx.Selected()
	if selected == nil || selected.Name != "serve" && selected.Name != "demo" {
		for _, flag := range ctx.Model.Flags {
			flag.Hidden = flag.Name != "help" && !everywhere[flag.Name]
		}
	}
	return kong.DefaultHelpPrinter(options, ctx)
}

// tell gives an error in one line.
func (p *program) tell(ctx context.Context, err error) string {
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return "interrupted; what was done before is kept"
	}
	var text string
	var known *fault.Error
	if errors.As(err, &known) {
		text = faultText(known)
	}
	if text == "" {
		text = err.Error()
	}
	return strings.Join(strings.Fields(text), " ")
}

// faultText is the text of a fault and of the members it blames.
func faultText(f *fault.Error) string {
	var parts []string
	if f.Text != "" {
		parts = append(parts, f.Text)
	}
	for _, field := range f.Fields {
		var path []string
		for _, step := range field.Path {
			path = append(path, fmt.Sprint(step))
		}
		parts = append(parts, strings.Join(path, ".")+": "+field.Text)
	}
	return strings.Join(parts, " ")
}

// log is the log of the settings' form and level.
func (p *program) log() *slog.Logger {
	options := &slog.HandlerOptions{Level: p.settings.LogLevel}
	if p.settings.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(p.err, options))
	}
	return slog.New(slog.NewTextHandler(p.err, options))
}

// open opens the platform for a command; the caller closes it.
func (p *program) open(ctx context.Context) (*app.App, error) {
	return app.Open(ctx, p.settings, p.log())
}

// with runs fn on the opened platform.
func (p *program) with(ctx context.Context, fn func(*app.App) error) error {
	a, err := p.open(ctx)
	if err != nil {
		return err
	}
	return errors.Join(fn(a), a.Close())
}

// withExisting is with for commands that have nothing to do on a platform that
// was never started: a mistyped folder must not look like an empty one.
func (p *program) withExisting(ctx context.Context, fn func(*app.App) error) error {
	if p.settings.Database == "" {
		if _, err := os.Stat(filepath.Join(p.settings.Data, db.SQLiteFile)); errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("there is no database in %s: name the data folder by --data", p.settings.Data)
		}
	}
	return p.with(ctx, fn)
}

// progress is where long work tells how far it is.
func (p *program) progress() progress.Output {
	if file, ok := p.err.(*os.File); ok && isTerminal(file) {
		return progress.Output{Terminal: file}
	}
	return progress.Output{Log: p.log()}
}
