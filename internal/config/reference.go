package config

import (
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"os"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/kong"
)

// Setting is one setting as it is documented and shown.
type Setting struct {
	Name        string `json:"name"`
	Group       string `json:"group"`
	Environment string `json:"environment"`
	Key         string `json:"key"`
	Default     string `json:"default"`
	Help        string `json:"help"`
	secret      bool
}

// model is the parser of a program without commands.
func model(sources *Sources, flags *Flags) *kong.Kong {
	options := append(sources.Options(), kong.Name("grenier"), kong.NoDefaultHelp())
	parser, err := kong.New(flags, options...)
	if err != nil {
		panic(err) // the tags above are wrong, which every test sees
	}
	return parser
}

// All lists the settings in the order of the struct.
func All() []Setting {
	var flags Flags
	var all []Setting
	for _, flag := range model(NewSources(os.LookupEnv), &flags).Model.Flags {
		if flag.Name == "config" {
			continue
		}
		all = append(all, Setting{
			Name: flag.Name, Group: flag.Group.Key, Environment: EnvironmentName(flag.Name), Key: FileKey(flag.Name),
			Default: flag.Default, Help: flag.Help, secret: flag.Tag.Has("secret"),
		})
	}
	return all
}

// Groups are the groups of settings in their order.
func Groups() []string {
	var groups []string
	for _, setting := range All() {
		if !slices.Contains(groups, setting.Group) {
			groups = append(groups, setting.Group)
		}
	}
	return groups
}

// Chosen is a setting with its present value, which is safe to show, and where
// that comes from.
type Chosen struct {
	Setting
	Value  string `json:"value"`
	Origin Origin `json:"origin"`
}

// Chosen tells every setting of a parsed command line.
func (s *Sources) Chosen(ctx *kong.Context, settings *Settings) []Chosen {
	from := make(map[string]Origin)
	for name, origin := range s.from {
		from[name] = origin
	}
	for _, path := range ctx.Path {
		if path.Flag != nil && !path.Resolved {
			from[path.Flag.Name] = FromFlag
		}
	}
	values := settings.values()
	all := All()
	chosen := make([]Chosen, len(all))
	for i, setting := range all {
		origin := from[setting.Name]
		if origin == "" {
			origin = FromDefault
		}
		value := values[setting.Name]
		if setting.secret {
			value = withoutSecrets(value)
		}
		chosen[i] = Chosen{Setting: setting, Value: value, Origin: origin}
	}
	return chosen
}

// values writes every setting in the form in which it can be given again.
func (s *Settings) values() map[string]string {
	values := make(map[string]string)
	fields := reflect.ValueOf(s).Elem()
	for i, setting := range All() {
		values[setting.Name] = valueText(fields.Field(i).Interface())
	}
	return values
}

func valueText(value any) string {
	switch value := value.(type) {
	case time.Duration:
		return spanText(value)
	case []string:
		return kong.JoinEscaped(value, ',')
	case []netip.Prefix:
		parts := make([]string, len(value))
		for i, prefix := range value {
			parts[i] = prefix.String()
		}
		return strings.Join(parts, ",")
	case slog.Level:
		return strings.ToLower(value.String())
	}
	return fmt.Sprint(value)
}

// hidden stands for what is not shown.
const hidden = "***"

// withoutSecrets hides the password of an address, wherever it is written.
func withoutSecrets(address string) string {
	if address == "" {
		return ""
	}
	u, err := url.Parse(address)
	if err != nil {
		return hidden
	}
	query := u.Query()
	for name := range query {
		if strings.Contains(name, "password") || strings.Contains(name, "sslkey") {
			query.Set(name, hidden)
		}
	}
	u.RawQuery = strings.ReplaceAll(query.Encode(), "%2A", "*")
	if _, ok := u.User.Password(); ok {
		u.User = url.UserPassword(u.User.Username(), hidden)
	}
	return strings.Replace(u.String(), "%2A%2A%2A", hidden, 1)
}

// Reference is the page of reference about the settings, in Markdown.
func Reference() string {
	var page strings.Builder
	page.WriteString(referenceHead)
	all := All()
	for _, group := range Groups() {
		fmt.Fprintf(&page, "\n## %s\n\n| setting | environment | default | meaning |\n|---|---|---|---|\n", group)
		for _, setting := range all {
			if setting.Group != group {
				continue
			}
			initial := "–"
			if setting.Default != "" {
				initial = "`" + setting.Default + "`"
			}
			fmt.Fprintf(&page, "| `--%s` | `%s` | %s | %s |\n", setting.Name, setting.Environment, initial, strings.ReplaceAll(setting.Help, "|", `\|`))
		}
	}
	return page.String()
}

const referenceHead = `# Settings

<!-- Made from internal/config by: go test ./internal/config -update -->

Every setting has a default: ` + "`grenier serve`" + ` runs without any. A value is taken from, the strongest first:

1. the command line: ` + "`--some-name value`" + `;
2. the environment: ` + "`GRENIER_SOME_NAME=value`" + ` (an empty variable counts as none);
3. the file ` + "`grenier.toml`" + ` beside the data folder (for ` + "`--data /srv/grenier/data`" + `, ` + "`/srv/grenier/grenier.toml`" + `), or the one
   named by ` + "`--config FILE`" + ` or ` + "`GRENIER_CONFIG`" + `: ` + "`some_name = \"value\"`" + `, one line each, without sections but those of
   [harvesters of your own](harvesting.md#write-your-own-harvester);
4. the default.

` + "`grenier config`" + ` prints every setting with its value and where it comes from, passwords left out. A value that cannot be
used, or an unknown name in the file, stops the program with one line that says what is wrong and where.

Lists are written with commas (` + "`10.0.0.0/8,192.0.2.7`" + `), in the file also as ` + "`[\"10.0.0.0/8\", \"192.0.2.7\"]`" + `. Sizes are bytes or have a
unit (` + "`500kB`" + `, ` + "`32MiB`" + `), time spans too (` + "`90s`" + `, ` + "`12h`" + `, ` + "`30d`" + `). Relative folders start from where the program is started.

` + "```toml" + `
# grenier.toml
listen = "127.0.0.1:7000"
base_url = "https://data.example.org"
trusted_proxies = ["127.0.0.1"]
site_title = "Open data of Example"
max_body = "64MiB"
` + "```" + `
`
