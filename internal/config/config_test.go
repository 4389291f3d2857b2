package config

import (
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
)

var update = flag.Bool("update", false, "write docs/configure.md again")

func environment(pairs map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		value, ok := pairs[name]
		return value, ok
	}
}

// load reads the settings of a command line of flags alone.
func load(arguments []string, lookup func(string) (string, bool)) (*Settings, error) {
	sources, flags := NewSources(lookup), new(Flags)
	if _, err := model(sources, flags).Parse(arguments); err != nil {
		return nil, sources.Explain(err)
	}
	if err := sources.Check(&flags.Settings); err != nil {
		return nil, err
	}
	return &flags.Settings, nil
}

// place makes a folder with a data folder and a file of settings beside it.
func place(t *testing.T, file string) (data string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, FileName), []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "data")
}

func TestStrongerSourceWins(t *testing.T) {
	data := place(t, "site_title = \"file\"\nmax_page_size = 50\nread_only_mode = true\n")
	for _, c := range []struct {
		name        string
		arguments   []string
		environment map[string]string
		want        string
	}{
		{"default", nil, nil, "Grenier"},
		{"file", []string{"--data", data}, nil, "file"},
		{"file by the environment's folder", nil, map[string]string{"GRENIER_DATA": data}, "file"},
		{"environment over file", []string{"--data", data}, map[string]string{"GRENIER_SITE_TITLE": "environment"}, "environment"},
		{"empty variable is none", []string{"--data", data}, map[string]string{"GRENIER_SITE_TITLE": ""}, "file"},
		{"flag over all", []string{"--data", data, "--site-title=flag"}, map[string]string{"GRENIER_SITE_TITLE": "environment"}, "flag"},
	} {
		t.Run(c.name, func(t *testing.T) {
			settings, err := load(c.arguments, environment(c.environment))
			if err != nil {
				t.Fatal(err)
			}
			if settings.SiteTitle != c.want {
				t.Errorf("the title is %q, want %q", settings.SiteTitle, c.want)
			}
			fromFile := strings.Contains(c.name, "file") || len(c.arguments) > 0
			if got := settings.MaxPageSize == 50 && settings.ReadOnlyMode; got != fromFile {
				t.Errorf("numbers and truths of the file taken: %v, want %v", got, fromFile)
			}
		})
	}
}

func TestNamedFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "other.toml")
	text := "data = \"/srv/elsewhere\"\ntrusted_proxies = [\"10.0.0.0/8\", \"192.0.2.7\"]\nrole = [\"web\", \"search\"]\nevent_retention = \"7d\"\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range [][]string{{"--config", path}, nil} {
		settings, err := load(c, environment(map[string]string{"GRENIER_CONFIG": path}))
		if err != nil {
			t.Fatal(err)
		}
		if settings.Data != "/srv/elsewhere" || len(settings.TrustedProxies) != 2 || settings.TrustedProxies[1].String() != "192.0.2.7/32" ||
			!settings.HasRole("search") || settings.HasRole("work") || settings.EventRetention != 7*24*time.Hour {
			t.Errorf("the file gave %+v", settings)
		}
	}
}

func TestDefaults(t *testing.T) {
	settings, err := load([]string{"--data=./data"}, environment(nil))
	if err != nil {
		t.Fatalf("the defaults are refused: %v", err)
	}
	if settings.Listen != "127.0.0.1:7000" || settings.Language != "fr" || settings.Timezone != "Europe/Paris" || settings.SqliteSync != "FULL" {
		t.Errorf("the defaults of the contract are %+v", settings)
	}
	if settings.Location().String() != "Europe/Paris" {
		t.Errorf("the time zone is %v", settings.Location())
	}
}

func TestCertificateChangesTheAddress(t *testing.T) {
	settings, err := load([]string{"--tls=data.example.org"}, environment(nil))
	if err != nil {
		t.Fatal(err)
	}
	if settings.Listen != ":443" || settings.BaseURL != "https://data.example.org" {
		t.Errorf("with a certificate the program listens on %s for %s", settings.Listen, settings.BaseURL)
	}
	settings, err = load([]string{"--tls=data.example.org", "--listen=:8443", "--base-url=https://www.example.org/"}, environment(nil))
	if err != nil {
		t.Fatal(err)
	}
	if settings.Listen != ":8443" || settings.BaseURL != "https://www.example.org" {
		t.Errorf("what was asked became %s for %s", settings.Listen, settings.BaseURL)
	}
}

func TestWrongValuesAreToldInOneLine(t *testing.T) {
	for _, c := range []struct{ flag, want string }{
		{"--listen=7000", "--listen: expected HOST:PORT"},
		{"--listen=localhost:99999", "between 0 and 65535"},
		{"--base-url=data.example.org", "--base-url: expected the address of the site alone"},
		{"--base-url=https://a:b@data.example.org", "--base-url"},
		{"--base-url=https://data.example.org/path", "--base-url"},
		{"--database=mysql://host/name", "--database: expected postgres://"},
		{"--blob=s3://bucket", "--blob: expected s3://key:secret@host/bucket"},
		{"--blob=files", "--blob: expected file:///folder"},
		{"--tls=192.0.2.1", "--tls: expected a public host name"},
		{"--timezone=Mars/Olympus", "--timezone: expected the name of a time zone"},
		{"--language=french", "--language: expected one of the languages fr, en"},
		{"--trusted-proxies=10.0.0.0/8,here", "--trusted-proxies: expected networks"},
		{"--cors-origins=https://a.example.org,b", "--cors-origins: expected origins"},
		{"--max-body=much", "--max-body: expected a size"},
		{"--max-body=1", "--max-body: must be at least 1KiB"},
		{"--max-page-size=0", "--max-page-size: must be at least 20"},
		{"--request-timeout=soon", "--request-timeout: expected a time span"},
		{"--event-retention=-5d", "--event-retention: expected a time span"},
		{"--role=cook", "--role must be one of"},
		{"--sqlite-sync=OFF", "--sqlite-sync must be one of"},
		{"--log-level=loud", "--log-level"},
		{"--site-title=", "--site-title: must not be empty"},
		{"--smtp=mail.example.org", "--smtp: expected smtp://"},
		{"--smtp=http://user:secret@mail.example.org", "--smtp: expected smtp://"},
		{"--smtp=smtp://mail.example.org:25", "--base-url: is missing beside --smtp"},
		{"--mail-from=nobody", "--mail-from: expected a mail address"},
		{"--oidc-issuer=id.example.org", "--oidc-issuer: expected the address of the provider"},
		{"--oidc-issuer=https://id.example.org", "--oidc-client-id: is missing beside --oidc-issuer"},
		{"--oidc-parameters=eidas1", "--oidc-parameters: expected NAME=VALUE"},
	} {
		_, err := load([]string{c.flag}, environment(nil))
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want one line with %q", c.flag, err, c.want)
		}
	}
}

func TestErrorsSayWhereTheValueIs(t *testing.T) {
	data := place(t, "listen = \"nowhere\"\n")
	_, err := load([]string{"--data", data}, environment(nil))
	if err == nil || !strings.Contains(err.Error(), filepath.Join(filepath.Dir(data), FileName)) {
		t.Errorf("a wrong value of the file gives %v", err)
	}
	_, err = load(nil, environment(map[string]string{"GRENIER_MAX_BODY": "much"}))
	if err == nil || !strings.Contains(err.Error(), "GRENIER_MAX_BODY") {
		t.Errorf("a wrong value of the environment gives %v", err)
	}
	for _, c := range []struct{ file, want string }{
		{"lisen = \"x\"\n", `no setting "lisen"`},
		{"base-url = \"https://x.example.org\"\n", `no setting "base-url"`},
		{"a = 1\nlisten = \n", "line 2"},
		{"[web]\nlisten = \"x\"\n", `no setting "web"`},
		{"listen = 3.5\n", "listen: expected a text"},
		{"role = [1]\n", "role: expected a text"},
	} {
		_, err := load([]string{"--data", place(t, c.file)}, environment(nil))
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("the file %q gives %v, want one line with %q", c.file, err, c.want)
		}
	}
	_, err = load([]string{"--config", filepath.Join(t.TempDir(), "none.toml")}, environment(nil))
	if err == nil || !strings.Contains(err.Error(), "cannot be read") {
		t.Errorf("a named file that is missing gives %v", err)
	}
}

func TestSizesAndSpansComeBackAsWritten(t *testing.T) {
	for text, want := range map[string]Size{"0": 0, "17": 17, "500kB": 500_000, "32MiB": 32 << 20, "2 GB": 2e9, "1gib": 1 << 30, "8 B": 8} {
		var size Size
		if err := size.UnmarshalText([]byte(text)); err != nil || size != want {
			t.Errorf("%q is read as %d (%v), want %d", text, size, err, want)
		}
		var again Size
		if err := again.UnmarshalText([]byte(size.String())); err != nil || again != size {
			t.Errorf("%d is written as %q, which reads as %d (%v)", size, size, again, err)
		}
	}
	for _, text := range []string{"", "B", "-1", "1.5MiB", "9999999999GiB", "MiB"} {
		var size Size
		if err := size.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("the size %q is taken as %d", text, size)
		}
	}
	for text, want := range map[string]time.Duration{"0s": 0, "90s": 90 * time.Second, "12h": 12 * time.Hour, "30d": 30 * day, "1h30m": 90 * time.Minute} {
		span, err := parseSpan(text)
		if err != nil || span != want {
			t.Errorf("%q is read as %v (%v)", text, span, err)
		}
		if again, err := parseSpan(spanText(span)); err != nil || again != span {
			t.Errorf("%v is written as %q, which reads as %v (%v)", span, spanText(span), again, err)
		}
	}
}

func TestSecretsAreHidden(t *testing.T) {
	for address, want := range map[string]string{
		"postgres://grenier:s3cret@db/grenier":         "postgres://grenier:***@db/grenier",
		"postgres://db/grenier?password=s3cret&user=g": "postgres://db/grenier?password=***&user=g",
		"postgres://db/grenier":                        "postgres://db/grenier",
		"postgres://x:s3cret@[::1":                     "***",
		"":                                             "",
	} {
		if got := withoutSecrets(address); got != want {
			t.Errorf("%s is shown as %s, want %s", address, got, want)
		}
	}
	sources, flags := NewSources(environment(map[string]string{"GRENIER_DATABASE": "postgres://g:s3cret@db/g"})), new(Flags)
	ctx, err := model(sources, flags).Parse([]string{"--listen=:1"})
	if err != nil {
		t.Fatal(err)
	}
	origins := make(map[string]Origin)
	for _, chosen := range sources.Chosen(ctx, &flags.Settings) {
		if strings.Contains(chosen.Value, "s3cret") {
			t.Errorf("%s shows a password: %s", chosen.Name, chosen.Value)
		}
		origins[chosen.Name] = chosen.Origin
	}
	if origins["database"] != FromEnvironment || origins["listen"] != FromFlag || origins["language"] != FromDefault {
		t.Errorf("the origins are %v", origins)
	}
	_, err = load([]string{"--database=mysql://g:s3cret@db/g"}, environment(nil))
	if err == nil || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("a refused address shows its password: %v", err)
	}
}

// Every value that is shown can be given again.
func TestShownValuesCanBeGivenAgain(t *testing.T) {
	first, err := load([]string{"--site-keywords=a\\,b,c", "--role=web", "--fetch-allow=10.0.0.0/8", "--kept-answers-size=3MB", "--log-level=warn", "--event-retention=36h"}, environment(nil))
	if err != nil {
		t.Fatal(err)
	}
	var arguments []string
	for name, value := range first.values() {
		if value != "" {
			arguments = append(arguments, "--"+name+"="+value)
		}
	}
	second, err := load(arguments, environment(nil))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(first, second) {
		t.Errorf("%+v came back as %+v", first, second)
	}
}

func TestMistypedVariablesAreFound(t *testing.T) {
	got := UnknownVariables([]string{"GRENIER_LISEN=x", "GRENIER_LISTEN=x", "GRENIER_CONFIG=y", "PATH=/bin", "GRENIER_TEST_POSTGRES=z"})
	if len(got) != 1 || got[0] != "GRENIER_LISEN" {
		t.Errorf("mistyped variables: %v", got)
	}
}

// Each field of Settings is documented, and the page in docs is the one that
// the struct gives.
func TestReferenceIsCompleteAndCurrent(t *testing.T) {
	page := Reference()
	fields := reflect.TypeFor[Settings]()
	all := All()
	settings := 0
	for settings < fields.NumField() && fields.Field(settings).Tag.Get("kong") != "-" {
		settings++ // what comes from the file alone stands behind them
	}
	if settings != len(all) {
		t.Fatalf("%d fields, %d settings", settings, len(all))
	}
	for i := range settings {
		tag := fields.Field(i).Tag
		setting := all[i]
		if !strings.EqualFold(strings.ReplaceAll(setting.Name, "-", ""), fields.Field(i).Name) {
			t.Errorf("the field %s became the setting %s", fields.Field(i).Name, setting.Name)
		}
		if tag.Get("group") == "" || !strings.HasSuffix(tag.Get("help"), ".") {
			t.Errorf("%s needs a group and a help that is a sentence", fields.Field(i).Name)
		}
		if strings.Count(page, "| `--"+setting.Name+"` | `"+setting.Environment+"` |") != 1 {
			t.Errorf("%s is not in the page of reference once", setting.Name)
		}
	}
	path := filepath.Join("..", "..", "docs", "configure.md")
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	written, err := os.ReadFile(path)
	if err != nil || string(written) != page {
		t.Errorf("docs/configure.md is not what the settings say (%v); run: go test ./internal/config -update", err)
	}
}

// A command's own default gives way to what anybody says.
func TestDefaultOfACommand(t *testing.T) {
	var line struct {
		Flags
		Demo struct{} `cmd:""`
		Tell struct {
			SiteTitle string `name:"other"`
		} `cmd:""`
	}
	parse := func(lookup map[string]string, arguments ...string) string {
		t.Helper()
		sources := NewSources(environment(lookup))
		sources.Defaults = func(command string) map[string]string {
			if command == "demo" {
				return map[string]string{"data": "./demo-data"}
			}
			return nil
		}
		line.Flags = Flags{}
		if _, err := kong.Must(&line, sources.Options()...).Parse(arguments); err != nil {
			t.Fatal(err)
		}
		return line.Data
	}
	for _, c := range []struct{ got, want string }{
		{parse(nil, "demo"), "./demo-data"},
		{parse(nil, "tell"), "./data"},
		{parse(nil, "demo", "--data=x"), "x"},
		{parse(map[string]string{"GRENIER_DATA": "y"}, "demo"), "y"},
	} {
		if c.got != c.want {
			t.Errorf("the data folder is %s, want %s", c.got, c.want)
		}
	}
}
