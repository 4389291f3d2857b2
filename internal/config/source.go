package config

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/alecthomas/kong"
)

// Flags are what every command takes: the settings, and the file of settings.
type Flags struct {
	Settings
	Config string `group:"Operation" placeholder:"FILE" help:"File of settings. By default grenier.toml beside the data folder, when there is one."`
}

// Sources finds the settings that the command line does not give: in the
// environment, then in the file. One serves one command line.
type Sources struct {
	// Defaults are those that a command has of its own, by name of setting;
	// they are asked once the command is known.
	Defaults func(command string) map[string]string

	lookup func(string) (string, bool)
	loaded bool
	file   string
	values map[string]string
	// harvesters are the plug-ins of the file.
	harvesters []Harvester
	from       map[string]Origin
}

// Origin tells where a value comes from.
type Origin string

// The origins of a value, but for the file, whose path is its origin.
const (
	FromDefault     Origin = "default"
	FromEnvironment Origin = "environment"
	FromFlag        Origin = "flag"
)

// NewSources reads the environment by lookup, which is os.LookupEnv in a
// program.
func NewSources(lookup func(string) (string, bool)) *Sources {
	return &Sources{lookup: lookup, from: make(map[string]Origin)}
}

// Options are what a command line that embeds Flags gives to its parser.
func (s *Sources) Options() []kong.Option {
	return []kong.Option{
		kong.NamedMapper("span", mapper(parseSpan)),
		kong.TypeMapper(reflect.TypeFor[Size](), mapper(parseSize)),
		kong.TypeMapper(reflect.TypeFor[netip.Prefix](), mapper(parsePrefix)),
		kong.Resolvers(s),
	}
}

// EnvironmentName is the variable of a setting.
func EnvironmentName(setting string) string {
	return "GRENIER_" + strings.ToUpper(strings.ReplaceAll(setting, "-", "_"))
}

// FileKey is the name of a setting in the file.
func FileKey(setting string) string { return strings.ReplaceAll(setting, "-", "_") }

// Validate implements kong.Resolver.
func (s *Sources) Validate(*kong.Application) error { return nil }

// Resolve implements kong.Resolver: it finds the value of a setting that is not
// on the command line. Flags of commands are none of its business.
func (s *Sources) Resolve(ctx *kong.Context, parent *kong.Path, flag *kong.Flag) (any, error) {
	if parent.App == nil || flag.Name == "help" {
		return nil, nil
	}
	if value, ok := s.variable(flag.Name); ok {
		s.from[flag.Name] = FromEnvironment
		return value, nil
	}
	if flag.Name == "config" {
		return nil, nil
	}
	if err := s.load(ctx); err != nil {
		return nil, err
	}
	if value, ok := s.values[flag.Name]; ok {
		s.from[flag.Name] = Origin(s.file)
		return value, nil
	}
	if s.Defaults != nil && ctx.Selected() != nil {
		if value, ok := s.Defaults(ctx.Selected().Name)[flag.Name]; ok {
			return value, nil
		}
	}
	return nil, nil
}

// variable reads the environment; an empty variable counts as none.
func (s *Sources) variable(setting string) (string, bool) {
	value, ok := s.lookup(EnvironmentName(setting))
	return value, ok && value != ""
}

// fileError is what is wrong with the file of settings; it names the file.
type fileError struct{ text string }

func (e *fileError) Error() string { return e.text }

// load reads the file once: the one that was named, which must exist, or the
// one beside the data folder.
func (s *Sources) load(ctx *kong.Context) error {
	if s.loaded {
		return nil
	}
	s.loaded = true
	path := s.given(ctx, "config")
	named := path != ""
	if !named {
		data := s.given(ctx, "data")
		if data == "" {
			data = "."
		} else {
			data = filepath.Dir(filepath.Clean(data))
		}
		path = filepath.Join(data, FileName)
	}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) && !named {
		return nil
	}
	if err != nil {
		return &fileError{fmt.Sprintf("the file of settings cannot be read: %v", err)}
	}
	s.file = path
	s.values, s.harvesters, err = parseFile(path, text, settingNames(ctx.Model.Node))
	return err
}

// given is a value of the command line or the environment.
func (s *Sources) given(ctx *kong.Context, setting string) string {
	for _, path := range ctx.Path {
		if path.Flag != nil && path.Flag.Name == setting {
			value, _ := ctx.FlagValue(path.Flag).(string)
			return value
		}
	}
	value, _ := s.variable(setting)
	return value
}

func settingNames(app *kong.Node) []string {
	var names []string
	for _, flag := range app.Flags {
		if flag.Name != "help" && flag.Name != "config" {
			names = append(names, flag.Name)
		}
	}
	return names
}

// parseFile turns the text of a file into values by name of setting, in the
// form of the command line, and its plug-ins.
func parseFile(path string, text []byte, known []string) (map[string]string, []Harvester, error) {
	var members map[string]any
	if _, err := toml.Decode(string(text), &members); err != nil {
		var parse toml.ParseError
		if errors.As(err, &parse) {
			return nil, nil, &fileError{fmt.Sprintf("%s, line %d: %s", path, parse.Position.Line, parse.Message)}
		}
		return nil, nil, &fileError{fmt.Sprintf("%s: %v", path, err)}
	}
	harvesters, err := takeHarvesters(members)
	if err != nil {
		return nil, nil, &fileError{fmt.Sprintf("%s: %v", path, err)}
	}
	values := make(map[string]string, len(members))
	for key, member := range members {
		setting := strings.ReplaceAll(key, "_", "-")
		if !slices.Contains(known, setting) || strings.Contains(key, "-") {
			if slices.Contains(known, setting) {
				return nil, nil, &fileError{fmt.Sprintf("%s: there is no setting %q: in the file it is %s", path, key, strings.ReplaceAll(key, "-", "_"))}
			}
			return nil, nil, &fileError{fmt.Sprintf("%s: there is no setting %q; `grenier config` lists them", path, key)}
		}
		value, ok := fileValue(member)
		if !ok {
			return nil, nil, &fileError{fmt.Sprintf("%s: %s: expected a text, a number, true, false, or a list of texts", path, key)}
		}
		values[setting] = value
	}
	return values, harvesters, nil
}

func fileValue(member any) (string, bool) {
	switch member := member.(type) {
	case string:
		return member, true
	case int64, bool:
		return fmt.Sprint(member), true
	case []any:
		parts := make([]string, len(member))
		for i, part := range member {
			text, ok := part.(string)
			if !ok {
				return "", false
			}
			parts[i] = text
		}
		return kong.JoinEscaped(parts, ','), true
	}
	return "", false
}

// Check validates settings that were parsed; what it returns is one line that
// says where the wrong value comes from.
func (s *Sources) Check(settings *Settings) error {
	settings.Harvesters, settings.File = s.harvesters, s.file
	return s.Explain(settings.check())
}

// Explain adds to an error about a setting where its value comes from, when
// that is not the command line.
func (s *Sources) Explain(err error) error {
	if err == nil {
		return nil
	}
	var file *fileError
	if errors.As(err, &file) {
		return file
	}
	name, ok := strings.CutPrefix(err.Error(), "--")
	if !ok {
		return err
	}
	name, _, _ = strings.Cut(name, ":")
	name, _, _ = strings.Cut(name, "=")
	switch origin := s.from[name]; origin {
	case "":
		return err
	case FromEnvironment:
		return fmt.Errorf("%w (from %s)", err, EnvironmentName(name))
	default:
		return fmt.Errorf("%w (from %s)", err, origin)
	}
}

// UnknownVariables are the names in an environment that look like settings and
// are none, which are likely mistyped.
func UnknownVariables(environment []string) []string {
	known := map[string]bool{EnvironmentName("config"): true}
	for _, setting := range All() {
		known[setting.Environment] = true
	}
	var unknown []string
	for _, entry := range environment {
		name, _, _ := strings.Cut(entry, "=")
		if strings.HasPrefix(name, "GRENIER_") && !strings.HasPrefix(name, "GRENIER_TEST_") && !known[name] {
			unknown = append(unknown, name)
		}
	}
	slices.Sort(unknown)
	return unknown
}
