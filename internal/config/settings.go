// Package config holds the settings of the program: one struct, from which the
// flags, the environment, the file and the page of reference are derived.
package config

import (
	"log/slog"
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // so that a bare machine knows every time zone

	"grenier/internal/i18n"
)

// Settings are all that an operator may choose. A value comes, from the weakest
// to the strongest, from the default below, the file, the environment and the
// command line. A field tagged secret never leaves the program in clear.
type Settings struct {
	Data           string        `group:"Storage" default:"./data" placeholder:"DIR" help:"Folder of the database, the search index and the certificates."`
	Database       string        `group:"Storage" secret:"url" placeholder:"URL" help:"PostgreSQL database, as postgres://user:password@host:5432/name. By default an SQLite file in the data folder."`
	Blob           string        `group:"Storage" secret:"url" placeholder:"URL" help:"Where hosted files are kept: file:///folder, or s3://key:secret@host/bucket (s3+http:// without TLS). By default the folder files below the data folder."`
	FilesURL       string        `group:"Storage" name:"files-url" placeholder:"URL" help:"Address that hosted files are served from when it is another one than the site's, as https://static.example.org. It must lead to this program."`
	SqliteSync     string        `group:"Storage" default:"FULL" enum:"FULL,NORMAL" placeholder:"MODE" help:"What an acknowledged write survives on SQLite: FULL a loss of power, NORMAL only a crash of the program, with faster writes."`
	EventRetention time.Duration `group:"Storage" default:"30d" type:"span" placeholder:"TIME" help:"How long the log of events is kept; the last event of every object stays."`

	Listen         string         `group:"Address" default:"127.0.0.1:7000" placeholder:"HOST:PORT" help:"Address to listen on."`
	BaseURL        string         `group:"Address" name:"base-url" placeholder:"URL" help:"Address of the site as its readers see it, as https://data.example.org. By default links lead back to the address that was asked."`
	TLS            string         `group:"Address" name:"tls" placeholder:"HOST" help:"Serve HTTPS under this host name with a certificate got and renewed automatically (ACME). The address to listen on is then :443 by default, and port 80 answers plain HTTP."`
	TrustedProxies []netip.Prefix `group:"Address" placeholder:"CIDR" help:"Networks of reverse proxies whose X-Forwarded-* headers are believed."`
	CORSOrigins    []string       `group:"Address" name:"cors-origins" placeholder:"ORIGIN" help:"Other sites whose pages may call the API with the credentials of their visitor, as https://app.example.org."`
	MetricsListen  string         `group:"Address" placeholder:"HOST:PORT" help:"Serve /metrics on this address alone, instead of with the rest."`

	SiteTitle    string   `group:"Site" default:"Grenier" placeholder:"NAME" help:"Name of the site."`
	SiteKeywords []string `group:"Site" default:"opendata" placeholder:"WORD" help:"Keywords of the site."`
	Language     string   `group:"Site" default:"fr" placeholder:"CODE" help:"Language of labels and messages when the reader names none: fr, en, es, pt, de or it."`
	Languages    []string `group:"Site" default:"fr,en,es,pt,de,it" placeholder:"CODE" help:"Languages that the pages are offered in; that of --language is always among them. A theme pack may bring more."`
	Timezone     string   `group:"Site" default:"Europe/Paris" placeholder:"ZONE" help:"Time zone of schedules and of the days and dates shown."`

	Theme             string        `group:"Portal" placeholder:"DIR" help:"Theme pack that dresses the pages, a folder or a zip file; see docs/theming.md."`
	Dev               bool          `group:"Portal" help:"Read the theme pack again at each page, for who is writing one."`
	Contact           string        `group:"Portal" placeholder:"ADDRESS" help:"Where people who need help write to: a mail address or the address of a page."`
	FeedDelay         time.Duration `group:"Portal" default:"10h" type:"span" placeholder:"TIME" help:"How long a new object waits before it appears in feeds, unless its organization is certified."`
	MapTiles          string        `group:"Portal" placeholder:"URL" help:"Tiles behind the maps, as https://tiles.example.org/{z}/{x}/{y}.png; by default maps draw on the outlines inside the program and ask nobody."`
	MapAttribution    string        `group:"Portal" placeholder:"TEXT" help:"Whom to name for the tiles, in the corner of the maps."`
	TerritoryDatasets string        `group:"Portal" placeholder:"FILE" help:"YAML file of the data that are offered for every territory of a level; see docs/territories.md."`
	RemotePreviews    bool          `group:"Portal" default:"true" negatable:"" help:"Show the beginning of files and the pictures that lie on other servers; the server reads them, never the reader's browser."`
	DisallowIndexing  bool          `group:"Portal" help:"Ask search engines to leave the whole site out."`

	Registration     bool          `group:"Accounts" default:"true" negatable:"" help:"Let people make their account themselves."`
	SecondFactor     string        `group:"Accounts" default:"optional" enum:"optional,admins,everybody" placeholder:"WHO" help:"Who must log in with a second factor: nobody (optional), administrators (admins) or everybody."`
	SessionTime      time.Duration `group:"Accounts" default:"14d" type:"span" placeholder:"TIME" help:"How long a session lasts without being used."`
	InactiveAfter    time.Duration `group:"Accounts" default:"0s" type:"span" placeholder:"TIME" help:"Close accounts that nobody logged in to for this long, after a warning 30 days ahead; 0 closes none."`
	OIDCIssuer       string        `group:"Accounts" name:"oidc-issuer" placeholder:"URL" help:"Address of an OpenID Connect provider with which people may log in, as https://id.example.org."`
	OIDCClientID     string        `group:"Accounts" name:"oidc-client-id" placeholder:"ID" help:"Identifier of this site at the provider."`
	OIDCClientSecret string        `group:"Accounts" name:"oidc-client-secret" secret:"all" placeholder:"SECRET" help:"Secret of this site at the provider."`
	OIDCScopes       []string      `group:"Accounts" name:"oidc-scopes" default:"openid,email,profile" placeholder:"SCOPE" help:"What to ask the provider for."`
	OIDCName         string        `group:"Accounts" name:"oidc-name" default:"OpenID Connect" placeholder:"NAME" help:"Name of the provider on the button of the login page."`
	OIDCParameters   []string      `group:"Accounts" name:"oidc-parameters" placeholder:"NAME=VALUE" help:"Further parameters of the request for a login, as acr_values=eidas1."`
	OIDCTrusted      bool          `group:"Accounts" name:"oidc-trusted" help:"Take the addresses of people that the provider gives as theirs although it does not say that it checked them, as for ProConnect."`
	OAuthWildcards   bool          `group:"Accounts" name:"oauth-wildcards" help:"Let the addresses that OAuth2 clients come back to hold wildcards."`

	SMTP     string `group:"Mail" name:"smtp" secret:"url" placeholder:"URL" help:"Server that takes the mails: smtp://user:password@host:587 (STARTTLS when offered), smtp+starttls:// (never without it), smtps://host:465. Without one, mails are written to the log."`
	MailFrom string `group:"Mail" placeholder:"ADDRESS" help:"Sender of the mails, as Open data <data@example.org>. By default noreply@ and the name of the site's host."`

	UploadExtensions []string      `group:"Files" placeholder:"EXT" help:"Further extensions of files that may be uploaded, besides the usual ones of open data."`
	MaxUpload        Size          `group:"Files" default:"100GiB" placeholder:"SIZE" help:"Largest file that may be uploaded."`
	MinFreeSpace     Size          `group:"Files" default:"1GiB" placeholder:"SIZE" help:"Space that uploads leave free on the volume of the hosted files, so that what else is kept there goes on."`
	UploadRetention  time.Duration `group:"Files" default:"24h" type:"span" placeholder:"TIME" help:"How long an unfinished upload is kept."`
	BinRetention     time.Duration `group:"Files" default:"30d" type:"span" placeholder:"TIME" help:"How long deleted objects and replaced files can be brought back."`

	HiddenBadges             []string       `group:"Rules" placeholder:"KIND" help:"Badges that are offered to nobody any more; those given stay."`
	OrganizationNumber       string         `group:"Rules" default:"siret" enum:"siret,any" placeholder:"FORM" help:"Form of the business number of organizations: siret checks the French one, any takes up to 14 characters."`
	SchemaCatalog            string         `group:"Rules" placeholder:"URL" help:"Catalogue of schemas that resources may name, as https://schema.data.gouv.fr/schemas.json."`
	ReadOnlyMore             bool           `group:"Rules" help:"Make the read-only mode refuse resources, uploads and transfers too."`
	ReadOnlyMode             bool           `group:"Rules" help:"Refuse the creation of people and content; administrators are exempt."`
	OmittedPrivate           string         `group:"Rules" default:"public" enum:"public,keep" placeholder:"WHAT" help:"What replacing a dataset without the member private does: public makes it public, as on the reference platform; keep leaves it as it was."`
	QualityDescriptionLength int            `group:"Rules" default:"100" placeholder:"N" help:"Characters from which the description of a dataset counts for its quality."`
	FetchAllow               []netip.Prefix `group:"Rules" placeholder:"CIDR" help:"Private networks that outgoing requests may reach and that written addresses may name; none by default."`

	HarvestBackends          []string      `group:"Harvesting" default:"*" placeholder:"GLOB" help:"Kinds of portals that may be harvested, as ckan or csw-*; all by default. grenier harvest backends lists them."`
	HarvestPoliteness        time.Duration `group:"Harvesting" default:"200ms" type:"span" placeholder:"TIME" help:"Pause between the starts of requests to one host, whichever sources and checks they are for."`
	HarvestManualRun         bool          `group:"Harvesting" help:"Let owners run their sources at once; administrators of the platform always may."`
	HarvestMaxItems          int           `group:"Harvesting" default:"0" placeholder:"N" help:"Records after which a run ends; 0 for all."`
	HarvestPreviewItems      int           `group:"Harvesting" default:"20" placeholder:"N" help:"Records that a preview by the API shows."`
	HarvestDefaultSchedule   string        `group:"Harvesting" default:"0 0 * * *" placeholder:"CRON" help:"When sources run that were accepted and have no schedule of their own: minute, hour, day of the month, month, day of the week. Their starts are spread over six hours."`
	HarvestJobRetention      time.Duration `group:"Harvesting" default:"365d" type:"span" placeholder:"TIME" help:"How long the reports of runs are kept."`
	HarvestAuditMax          Size          `group:"Harvesting" default:"64MiB" placeholder:"SIZE" help:"How much is kept of what a portal answered to one run, compressed, for administrators of the platform; 0 keeps nothing."`
	HarvestAuditRetention    time.Duration `group:"Harvesting" default:"90d" type:"span" placeholder:"TIME" help:"How long the answers of portals are kept, at most as long as the reports of runs."`
	HarvestGraceDays         int           `group:"Harvesting" default:"7" placeholder:"DAYS" help:"Days for which a record may be missing on its portal before its dataset is archived."`
	HarvestValidationContact string        `group:"Harvesting" placeholder:"URL" help:"Address of a form where people ask for their source to be validated."`

	Checks       string        `group:"Checks" default:"on" enum:"on,off" placeholder:"STATE" help:"Check again and again whether the remote files of the catalogue are there: on or off. The background work does it where base-url is set, so that hosts see who asks."`
	ChecksPause  time.Duration `group:"Checks" default:"2s" type:"span" placeholder:"TIME" help:"Pause between two files of one host."`
	ChecksAtOnce int           `group:"Checks" default:"8" placeholder:"N" help:"Files that one machine asks for at a time, each of another host."`
	ChecksAgent  string        `group:"Checks" placeholder:"TEXT" help:"User-Agent of the checks; by default Grenier, its version and the address of the site."`
	ChecksSkip   []string      `group:"Checks" placeholder:"TEXT" help:"Parts of addresses that are never checked, as format=shp."`

	MaxPageSize     int           `group:"Limits" default:"10000" placeholder:"N" help:"Largest page of a list."`
	MaxBody         Size          `group:"Limits" default:"32MiB" placeholder:"SIZE" help:"Largest body of a request."`
	MaxHeader       Size          `group:"Limits" default:"64KiB" placeholder:"SIZE" help:"Largest header of a request, its address included."`
	RequestTimeout  time.Duration `group:"Limits" default:"30s" type:"span" placeholder:"TIME" help:"Longest work on a request; dumps have their own limit."`
	ShutdownTimeout time.Duration `group:"Limits" default:"20s" type:"span" placeholder:"TIME" help:"How long requests in flight may take to end when the program stops."`
	KeptAnswersSize Size          `group:"Limits" default:"128MiB" placeholder:"SIZE" help:"Memory for answers kept ready; 0 keeps none."`
	DumpConcurrency int           `group:"Limits" default:"4" placeholder:"N" help:"Whole dumps sent at once; further ones are asked to come back."`

	Role      []string   `group:"Operation" default:"web,search,work" enum:"web,search,work" placeholder:"ROLE" help:"What this machine does: web answers requests, search keeps an index, work does the background work."`
	LogFormat string     `group:"Operation" default:"text" enum:"text,json" placeholder:"FORM" help:"Form of the log: text or json."`
	LogLevel  slog.Level `group:"Operation" default:"info" placeholder:"LEVEL" help:"Least level that is logged: debug, info, warn or error."`

	// Harvesters are the plug-ins of the file of settings, and File its path, ""
	// when there is none. They come last: they are no settings of their own.
	Harvesters []Harvester `kong:"-"`
	File       string      `kong:"-"`
}

// FileName is the name of the file of settings, looked for beside the data folder.
const FileName = "grenier.toml"

// loopback is the default address, which a site with a certificate of its own
// cannot mean.
const loopback = "127.0.0.1:7000"

// Location is the time zone of schedules and dates shown.
func (s *Settings) Location() *time.Location {
	location, err := time.LoadLocation(s.Timezone)
	if err != nil {
		return time.UTC
	}
	return location
}

// HasRole tells whether this machine does a part of the work.
func (s *Settings) HasRole(role string) bool { return slices.Contains(s.Role, role) }

// check refuses values that the program could not work with, and brings the
// others into the form that its parts expect.
func (s *Settings) check() error {
	s.BaseURL = strings.TrimRight(s.BaseURL, "/")
	s.FilesURL = strings.TrimRight(s.FilesURL, "/")
	if !slices.Contains(s.Languages, s.Language) {
		s.Languages = append([]string{s.Language}, s.Languages...)
	}
	if s.TLS != "" && s.Listen == loopback {
		s.Listen = ":443"
	}
	if s.TLS != "" && s.BaseURL == "" {
		s.BaseURL = "https://" + s.TLS
	}
	for _, rule := range []struct {
		setting string
		wrong   string
	}{
		{"data", notEmpty(s.Data)},
		{"database", wrongDatabase(s.Database)},
		{"blob", wrongBlob(s.Blob)},
		{"files-url", wrongSite(s.FilesURL)},
		{"event-retention", atLeast(s.EventRetention, time.Hour)},
		{"listen", wrongAddress(s.Listen)},
		{"base-url", wrongSite(s.BaseURL)},
		{"tls", wrongHost(s.TLS)},
		{"cors-origins", firstWrong(s.CORSOrigins, wrongOrigin)},
		{"metrics-listen", wrongOptionalAddress(s.MetricsListen)},
		{"site-title", notEmpty(s.SiteTitle)},
		{"language", wrongLanguage(s.Language)},
		{"languages", firstWrong(s.Languages, wrongCode)},
		{"timezone", wrongTimezone(s.Timezone)},
		{"theme", wrongTheme(s.Theme)},
		{"contact", wrongContact(s.Contact)},
		{"feed-delay", atLeast(s.FeedDelay, 0)},
		{"map-tiles", wrongTiles(s.MapTiles)},
		{"smtp", wrongSMTP(s.SMTP)},
		{"base-url", missingWith(s.BaseURL, s.SMTP, "smtp")},
		{"mail-from", wrongSender(s.MailFrom)},
		{"oidc-issuer", wrongIssuer(s.OIDCIssuer)},
		{"oidc-client-id", missingWith(s.OIDCClientID, s.OIDCIssuer, "oidc-issuer")},
		{"oidc-parameters", firstWrong(s.OIDCParameters, wrongParameter)},
		{"quality-description-length", atLeast(s.QualityDescriptionLength, 0)},
		{"harvest-backends", firstWrong(s.HarvestBackends, wrongGlob)},
		{"harvest-max-items", atLeast(s.HarvestMaxItems, 0)},
		{"harvest-preview-items", atLeast(s.HarvestPreviewItems, 1)},
		{"harvest-default-schedule", wrongCron(s.HarvestDefaultSchedule)},
		{"harvest-job-retention", atLeast(s.HarvestJobRetention, 24*time.Hour)},
		{"harvest-grace-days", atLeast(s.HarvestGraceDays, 0)},
		{"harvest-validation-contact", wrongContact(s.HarvestValidationContact)},
		{"checks-pause", atLeast(s.ChecksPause, time.Millisecond)},
		{"checks-at-once", atLeast(s.ChecksAtOnce, 1)},
		{"checks-agent", wrongAgent(s.ChecksAgent)},
		{"max-page-size", atLeast(s.MaxPageSize, 20)},
		{"max-body", atLeast(s.MaxBody, 1<<10)},
		{"max-header", atLeast(s.MaxHeader, 4<<10)},
		{"request-timeout", atLeast(s.RequestTimeout, time.Second)},
		{"shutdown-timeout", atLeast(s.ShutdownTimeout, 0)},
		{"dump-concurrency", atLeast(s.DumpConcurrency, 1)},
		{"role", wrongRoles(s.Role)},
	} {
		if rule.wrong != "" {
			return &wrongSetting{rule.setting, rule.wrong}
		}
	}
	return nil
}

// wrongSetting is a value that breaks a rule.
type wrongSetting struct{ setting, text string }

func (e *wrongSetting) Error() string { return "--" + e.setting + ": " + e.text }

func notEmpty(value string) string {
	if strings.TrimSpace(value) == "" {
		return "must not be empty"
	}
	return ""
}

func atLeast[T int | Size | time.Duration](value, least T) string {
	if value >= least {
		return ""
	}
	switch least := any(least).(type) {
	case time.Duration:
		return "must be at least " + spanText(least)
	case Size:
		return "must be at least " + least.String()
	case int:
		return "must be at least " + strconv.Itoa(least)
	}
	return "is too small"
}

func firstWrong(values []string, wrong func(string) string) string {
	for _, value := range values {
		if text := wrong(value); text != "" {
			return text
		}
	}
	return ""
}

func wrongRoles(roles []string) string {
	if len(roles) == 0 {
		return "names no role; leave it out for all of them"
	}
	return ""
}

// wrongDatabase never repeats the address, which may hold a password.
func wrongDatabase(address string) string {
	if address == "" {
		return ""
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" || strings.Trim(u.Path, "/") == "" {
		return "expected postgres://user:password@host:port/name; leave it out for SQLite"
	}
	return ""
}

func wrongBlob(address string) string {
	if address == "" {
		return ""
	}
	u, err := url.Parse(address)
	switch {
	case err == nil && (u.Scheme == "s3" || u.Scheme == "s3+http"):
		return wrongBucket(u)
	case err != nil || u.Scheme != "file" || u.Host != "" || !filepath.IsAbs(u.Path):
		return "expected file:///folder with an absolute path, or s3://key:secret@host/bucket; leave it out for the folder files below the data folder"
	}
	return ""
}

// wrongBucket never repeats the address, which holds a secret.
func wrongBucket(u *url.URL) string {
	bucket := strings.Trim(u.Path, "/")
	switch secret, _ := u.User.Password(); {
	case u.Host == "" || u.User.Username() == "" || secret == "":
		return "expected s3://key:secret@host/bucket, with the characters /, @ and : of the key and the secret written as %2F, %40 and %3A"
	case len(bucket) < 3 || len(bucket) > 63 || strings.Contains(bucket, "/"):
		return "expected s3://key:secret@host/bucket with the name of one bucket, of 3 to 63 characters; a folder in it is the argument ?prefix="
	}
	for name := range u.Query() {
		if name != "region" && name != "prefix" {
			return "expected no other arguments than region and prefix behind s3://key:secret@host/bucket"
		}
	}
	return ""
}

func wrongAddress(address string) string {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return "expected HOST:PORT, as 127.0.0.1:7000 or :7000, not " + strconv.Quote(address)
	}
	if number, err := strconv.ParseUint(port, 10, 16); err != nil || number > 65535 {
		return "expected a port between 0 and 65535, not " + strconv.Quote(port)
	}
	return ""
}

func wrongOptionalAddress(address string) string {
	if address == "" {
		return ""
	}
	return wrongAddress(address)
}

func webAddress(address string) (*url.URL, bool) {
	u, err := url.Parse(address)
	ok := err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != "" &&
		u.User == nil && u.RawQuery == "" && u.Fragment == ""
	return u, ok
}

func wrongSite(address string) string {
	if address == "" {
		return ""
	}
	u, ok := webAddress(address)
	if !ok || u.Path != "" {
		return "expected the address of the site alone, as https://data.example.org, not " + strconv.Quote(address)
	}
	return ""
}

func wrongOrigin(origin string) string {
	if u, ok := webAddress(origin); !ok || u.Path != "" {
		return "expected origins as https://app.example.org, not " + strconv.Quote(origin)
	}
	return ""
}

func wrongHost(host string) string {
	if host == "" {
		return ""
	}
	if _, err := netip.ParseAddr(host); err == nil || !strings.Contains(host, ".") || strings.ContainsAny(host, ":/ @?#") {
		return "expected a public host name, as data.example.org, not " + strconv.Quote(host)
	}
	return ""
}

func wrongLanguage(code string) string {
	if !slices.Contains(i18n.Languages, code) {
		return "expected one of the languages " + strings.Join(i18n.Languages, ", ") + ", not " + strconv.Quote(code)
	}
	return ""
}

// wrongCode takes the two letters of any language: a theme pack may bring one
// that the program does not know.
func wrongCode(code string) string {
	if len(code) == 2 && strings.Trim(code, "abcdefghijklmnopqrstuvwxyz") == "" {
		return ""
	}
	return "expected two-letter codes of languages, as fr,en, not " + strconv.Quote(code)
}

func wrongTheme(path string) string {
	if path == "" {
		return ""
	}
	if _, err := os.Stat(path); err != nil {
		return "there is no theme pack at " + path
	}
	return ""
}

func wrongContact(address string) string {
	if address == "" {
		return ""
	}
	if parsed, err := mail.ParseAddress(address); err == nil && parsed.Address == address {
		return ""
	}
	if u, err := url.Parse(address); err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" {
		return ""
	}
	return "expected a mail address or the address of a page, not " + strconv.Quote(address)
}

// wrongSMTP never repeats the address, which may hold a password.
func wrongSMTP(address string) string {
	if address == "" {
		return ""
	}
	u, err := url.Parse(address)
	if err != nil || !slices.Contains([]string{"smtp", "smtp+starttls", "smtps"}, u.Scheme) || u.Hostname() == "" {
		return "expected smtp://user:password@host:587, smtp+starttls:// or smtps://host:465, with the characters /, @ and : of the name and the password written as %2F, %40 and %3A"
	}
	return ""
}

func wrongSender(address string) string {
	if address == "" {
		return ""
	}
	if _, err := mail.ParseAddress(address); err != nil {
		return "expected a mail address, as Open data <data@example.org>, not " + strconv.Quote(address)
	}
	return ""
}

func wrongIssuer(address string) string {
	if address == "" {
		return ""
	}
	if _, ok := webAddress(address); !ok {
		return "expected the address of the provider, as https://id.example.org, not " + strconv.Quote(address)
	}
	return ""
}

// wrongAgent takes what a header of HTTP may hold.
func wrongAgent(text string) string {
	for _, r := range text {
		if r < ' ' || r > '~' {
			return "expected letters, digits and signs of ASCII"
		}
	}
	return ""
}

func missingWith(value, other, name string) string {
	if value == "" && other != "" {
		return "is missing beside --" + name
	}
	return ""
}

func wrongParameter(parameter string) string {
	if name, _, ok := strings.Cut(parameter, "="); !ok || name == "" {
		return "expected NAME=VALUE, as acr_values=eidas1, not " + strconv.Quote(parameter)
	}
	return ""
}

func wrongTiles(template string) string {
	if template == "" {
		return ""
	}
	for _, variable := range []string{"{z}", "{x}", "{y}"} {
		if !strings.Contains(template, variable) {
			return "expected an address with {z}, {x} and {y}, not " + strconv.Quote(template)
		}
	}
	if u, err := url.Parse(strings.NewReplacer("{", "", "}", "").Replace(template)); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return "expected the address of tiles, as https://tiles.example.org/{z}/{x}/{y}.png, not " + strconv.Quote(template)
	}
	return ""
}

func wrongTimezone(name string) string {
	if _, err := time.LoadLocation(name); err != nil || name == "" || name == "Local" {
		return "expected the name of a time zone, as Europe/Paris or UTC, not " + strconv.Quote(name)
	}
	return ""
}
