package portal

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"grenier/internal/catalog"
	"grenier/internal/fetch"
	"grenier/internal/geo"
	"grenier/internal/tabular"
	"grenier/internal/text"
)

// proposal is what the files of a dataset tell of it. Empty members are not
// known.
type proposal struct {
	Tags        []string
	Zones       []string
	Granularity string
	Start, End  string
	Frequency   string
	License     string
	// tables are what the beginnings of files hold, by the titles of the files.
	tables []seenTable
	// files tells that there are files to look at, titled that the title was made
	// of the name of the first, ofProducer that the zones are the producer's.
	files, titled, ofProducer bool
}

// proposedByProducer marks what comes from the producer's own page.
const proposedByProducer = "publish.proposed-producer"

// from says what a proposal was made of.
func (p *proposal) from() string {
	if p.files {
		return "publish.proposed"
	}
	return "publish.proposed-title"
}

// seenTable is the beginning of a file of rows.
type seenTable struct {
	title   string
	columns []string
	rows    [][]string
	// count is the number of rows of the whole file, -1 when it is not known.
	count int
	// points tells of places with coordinates.
	points bool
}

// Bounds of what is looked at for proposals.
const (
	proposeFiles = 3
	proposeRows  = 400
	proposeTime  = 6 * time.Second
)

// propose reads the beginnings of the first files of a dataset.
func (v *visit) propose(d *catalog.Dataset, files []catalog.Resource) (*proposal, error) {
	ctx, cancel := context.WithTimeout(v.Context(), proposeTime)
	defer cancel()
	made := &proposal{files: len(files) > 0}
	if made.files {
		made.titled = slices.ContainsFunc([]string{titleOfFile(files[0].Title), titleOfAddress(files[0].URL), files[0].Title}, func(title string) bool {
			return title != "" && text.Slug(title) == text.Slug(d.Title)
		})
	}
	for i := range files[:min(len(files), proposeFiles)] {
		if seen := v.peek(ctx, &files[i]); seen != nil {
			made.tables = append(made.tables, *seen)
		}
	}
	names := []string{d.Title}
	for i := range files {
		names = append(names, files[i].Title)
	}
	made.period(names)
	made.rhythm(names)
	v.coverageOf(made, d)
	if len(made.Zones) == 0 {
		made.Granularity = "" // detail of no territory: it would count as a coverage
	}
	if v.p.Language == "fr" {
		made.License = "lov2" // the licence that administrations choose by law
	}
	known, err := v.p.Catalog.KnownTags(v.Context())
	if err != nil {
		return nil, err
	}
	made.tags(names, known)
	return made, nil
}

// peek reads the beginning of a file, nil when nothing is seen.
func (v *visit) peek(ctx context.Context, r *catalog.Resource) *seenTable {
	getter := v.getterOf(r)
	if getter == nil {
		return nil
	}
	switch lookOf(r) {
	case lookTable:
		t, err := tabular.Peek(ctx, getter, r.URL, tabular.Limits{Rows: proposeRows})
		if err != nil {
			return nil // nothing is proposed then
		}
		seen := &seenTable{title: r.Title, rows: t.Rows, count: -1}
		if t.Whole {
			seen.count = t.Read
		}
		for _, column := range t.Columns {
			seen.columns = append(seen.columns, column.Name)
		}
		seen.points = slices.ContainsFunc(seen.columns, isLatitude)
		return seen
	case lookMap:
		found, err := tabular.PeekGeoJSON(ctx, getter, r.URL)
		if err != nil {
			return nil
		}
		m := &mapped{Features: found}
		m.table()
		return &seenTable{title: r.Title, columns: m.columns, rows: m.rows, count: found.Count, points: strings.Contains(string(found.JSON[:min(len(found.JSON), 500)]), `"Point"`)}
	}
	return nil
}

// getterOf reads a file: hosted ones from their shelf, others where the site
// reads what lies elsewhere.
func (v *visit) getterOf(r *catalog.Resource) tabular.Getter {
	switch {
	case catalog.Hosted(r.URL) && v.p.Files != nil:
		return hostedGetter{v.p.Files}
	case !catalog.Hosted(r.URL) && v.p.Fetch != nil:
		return v.p.Fetch
	}
	return nil
}

// hostedGetter reads hosted files as if they were fetched.
type hostedGetter struct{ files *catalog.Files }

func (g hostedGetter) Get(ctx context.Context, address string, r fetch.Request) (*fetch.Response, error) {
	file, err := g.files.OpenLocal(ctx, address)
	if err != nil {
		return nil, err
	}
	most := file.Size
	if r.MaxBytes > 0 && most > r.MaxBytes {
		if !r.Cut {
			return nil, errors.New("portal: the file is larger than what is looked at")
		}
		most = r.MaxBytes
	}
	body, err := file.Read(ctx, 0, most)
	if err != nil {
		return nil, err
	}
	return &fetch.Response{Status: http.StatusOK, Header: http.Header{}, URL: address, Size: file.Size, Body: struct {
		io.Reader
		io.Closer
	}{io.LimitReader(body, most), body}}, nil
}

// Names of columns, in the form of column().
var (
	latitudes = []string{"lat", "latitude", "y_wgs84", "geo_point_2d", "coordonnees", "ylat"}
	years     = []string{"annee", "year", "an", "exercice", "millesime", "ano", "jahr", "anno"}
	// zoneColumns hold zones of a level; the narrowest come first.
	zoneColumns = []struct {
		level string
		names []string
	}{
		{"fr:commune", []string{"code_insee", "insee", "codeinsee", "code_commune", "insee_com", "com", "depcom", "codgeo", "commune", "nom_commune", "ville", "code_commune_insee", "libgeo", "nom_com"}},
		{"fr:epci", []string{"epci", "code_epci", "siren_epci", "nom_epci"}},
		{"fr:departement", []string{"departement", "code_departement", "dep", "code_dep", "nom_departement", "dept", "num_dep"}},
		{"fr:region", []string{"region", "code_region", "reg", "code_reg", "nom_region"}},
	}
)

// column is the name of a column as lists of names hold it.
func column(name string) string { return strings.ReplaceAll(text.Slug(name), "-", "_") }

func isLatitude(name string) bool { return slices.Contains(latitudes, column(name)) }

// period finds the days that the data covers: in columns of dates or years, else
// in the names of files.
func (p *proposal) period(names []string) {
	for i := range p.tables {
		for c, name := range p.tables[i].columns {
			for _, row := range p.tables[i].rows {
				p.cover(name, row[c])
			}
		}
	}
	if p.Start != "" {
		return
	}
	for _, name := range names {
		for _, word := range strings.FieldsFunc(name, func(c rune) bool { return c == ' ' || c == '_' || c == '.' || c == '(' || c == ')' }) {
			p.extend(spanOf(word))
		}
	}
}

// cover widens the period by a value of a column of dates or years.
func (p *proposal) cover(name, value string) {
	value = strings.TrimSpace(value)
	if slices.Contains(years, column(name)) {
		if _, ok := yearOf(value); ok {
			p.extend(spanOf(value))
		}
		return
	}
	if strings.Contains(column(name), "date") || strings.HasPrefix(column(name), "jour") || column(name) == "mois" {
		p.extend(dayOf(value))
	}
}

func (p *proposal) extend(first, last string) {
	if first == "" {
		return
	}
	if p.Start == "" || first < p.Start {
		p.Start = first
	}
	if last > p.End {
		p.End = last
	}
}

// dayOf reads a day of a table: 2026-01-31, 31/01/2026, with or without a time.
func dayOf(value string) (first, last string) {
	for _, form := range []string{"2006-01-02", "02/01/2006", "2006/01/02", "20060102"} {
		if len(value) < len(form) {
			continue
		}
		if day, err := time.Parse(form, value[:len(form)]); err == nil && plausible(day.Year()) {
			if form == "20060102" && len(value) != len(form) {
				continue
			}
			iso := day.Format(time.DateOnly)
			return iso, iso
		}
	}
	if span, end := spanOf(value); span != "" && len(value) == 7 {
		return span, end
	}
	return "", ""
}

// spanOf are the first and the last day of a year, a month or a day in a name:
// 2026, 2026-01, 2026-01-31.
func spanOf(word string) (first, last string) {
	if day, err := time.Parse(time.DateOnly, word); err == nil && plausible(day.Year()) {
		return word, word
	}
	if month, err := time.Parse("2006-01", word); err == nil && plausible(month.Year()) {
		return month.Format(time.DateOnly), month.AddDate(0, 1, -1).Format(time.DateOnly)
	}
	if from, to, ok := strings.Cut(word, "-"); ok {
		a, okA := yearOf(from)
		b, okB := yearOf(to)
		if okA && okB && a <= b {
			return from + "-01-01", to + "-12-31"
		}
	}
	if _, ok := yearOf(word); ok {
		return word + "-01-01", word + "-12-31"
	}
	return "", ""
}

func yearOf(word string) (int, bool) {
	if len(word) != 4 {
		return 0, false
	}
	year, err := strconv.Atoi(word)
	return year, err == nil && plausible(year)
}

func plausible(year int) bool { return year >= 1800 && year <= time.Now().Year()+30 }

// rhythms are frequencies by words in the names of files.
var rhythms = []struct {
	frequency string
	words     []string
}{
	{"continuous", []string{"temps-reel", "real-time", "realtime", "tiempo-real"}},
	{"daily", []string{"quotidien", "quotidienne", "quotidiennes", "daily", "journalier", "journaliere", "diario", "giornaliero"}},
	{"weekly", []string{"hebdomadaire", "hebdomadaires", "hebdo", "weekly", "semanal"}},
	{"monthly", []string{"mensuel", "mensuelle", "mensuels", "mensuelles", "monthly", "mensual", "mensal", "mensile"}},
	{"quarterly", []string{"trimestriel", "trimestrielle", "trimestriels", "trimestrielles", "quarterly", "trimestral"}},
	{"semiannual", []string{"semestriel", "semestrielle"}},
	{"annual", []string{"annuel", "annuelle", "annuels", "annuelles", "annual", "yearly", "anual", "annuale"}},
}

// rhythm guesses the frequency: from words, or from dates that follow each other
// in the names of files.
func (p *proposal) rhythm(names []string) {
	dated := map[string]int{}
	for _, name := range names {
		slug := "-" + text.Slug(name) + "-"
		for _, one := range rhythms {
			if slices.ContainsFunc(one.words, func(word string) bool { return strings.Contains(slug, "-"+word+"-") }) {
				p.Frequency = one.frequency
				return
			}
		}
	}
	for _, name := range names[1:] { // the files alone
		for _, word := range strings.Fields(strings.ReplaceAll(name, "_", " ")) {
			if first, last := spanOf(strings.TrimSuffix(word, ".csv")); first != "" {
				switch {
				case first == last:
					dated["daily"]++
				case first[:7] == last[:7]:
					dated["monthly"]++
				default:
					dated["annual"]++
				}
			}
		}
	}
	for _, frequency := range []string{"daily", "monthly", "annual"} {
		if dated[frequency] > 1 {
			p.Frequency = frequency
			return
		}
	}
}

// mostProposedZones bounds the zones that are proposed as they are: more become the one
// that holds them.
const mostProposedZones = 5

// coverageOf finds the zones that the rows name, or the one of the producer.
func (v *visit) coverageOf(made *proposal, d *catalog.Dataset) {
	for i := range made.tables {
		t := &made.tables[i]
		if t.points && made.Granularity == "" {
			made.Granularity = geo.PointOfInterest
		}
		for _, level := range zoneColumns {
			if zones := v.zonesIn(t, level.level, level.names); len(zones) > 0 {
				made.Zones = v.p.gathered(zones)
				if !t.points {
					made.Granularity = level.level
				}
				return
			}
		}
	}
	if id := d.OwnedBy().Organization; id != "" {
		if zone := v.zoneOfOrganization(id); zone != "" {
			made.Zones, made.ofProducer = []string{zone}, true
		}
	}
}

// zoneOfOrganization is the territory of a producer, "" for none.
func (v *visit) zoneOfOrganization(id string) string {
	found, err := v.p.Organizations.ByIDs(v.Context(), []string{id})
	if err != nil || len(found) == 0 || found[0].Zone == nil {
		return ""
	}
	if zone, ok := v.p.Zones.Resolve(*found[0].Zone); ok {
		return zone.ID
	}
	return ""
}

// zonesIn are the zones of a level that the columns of these names hold. A column
// of which most values are no zone says nothing.
func (v *visit) zonesIn(t *seenTable, level string, names []string) []string {
	for c, name := range t.columns {
		if !slices.Contains(names, column(name)) {
			continue
		}
		seen := map[string]bool{}
		var zones []string
		values, unknown := 0, 0
		for _, row := range t.rows {
			value := strings.TrimSpace(row[c])
			if value == "" || seen[value] {
				continue
			}
			seen[value] = true
			values++
			if id := v.zoneCalled(level, value); id == "" {
				unknown++
			} else if !slices.Contains(zones, id) {
				zones = append(zones, id)
			}
		}
		if len(zones) > 0 && unknown*2 <= values {
			return zones
		}
	}
	return nil
}

// zoneCalled is the zone of a level that a value names by its code or its name.
func (v *visit) zoneCalled(level, value string) string {
	if zone, ok := v.p.Zones.Get(level + ":" + value); ok {
		return zone.ID
	}
	if level == "fr:departement" && len(value) == 1 && digits(value) {
		return v.zoneCalled(level, "0"+value)
	}
	if zone, ambiguous, ok := v.p.Zones.ByName(value); ok && !ambiguous && zone.Level == level {
		return zone.ID
	}
	return ""
}

// gathered are zones as a coverage names them: a few as they are, many by the
// narrowest zone that holds them all.
func (p *Portal) gathered(zones []string) []string {
	if len(zones) <= mostProposedZones {
		return zones
	}
	var common []geo.Zone
	for i, id := range zones {
		above := p.Zones.Ancestors(id)
		if i == 0 {
			common = above
			continue
		}
		common = slices.DeleteFunc(slices.Clone(common), func(z geo.Zone) bool {
			return !slices.ContainsFunc(above, func(other geo.Zone) bool { return other.ID == z.ID })
		})
	}
	if len(common) == 0 {
		return nil
	}
	return []string{slices.MinFunc(common, func(a, b geo.Zone) int { return geo.AdminLevel(b.Level) - geo.AdminLevel(a.Level) }).ID}
}

// mostTags bounds the proposed tags, usedTag is how often a tag must be used
// already to be proposed.
const (
	mostTags = 6
	usedTag  = 2
)

// plainWords are in so many names that they find nothing.
var plainWords = []string{
	"data", "dataset", "date", "donnee", "donnees", "export", "extrait", "fichier", "fichiers", "final", "liste", "open-data", "opendata", "service", "services",
	"table", "tableau", "version", "annee", "total", "site", "datos", "dati", "daten", "list", "file",
}

// tags are the words of the names that others use as tags.
func (p *proposal) tags(names []string, known []catalog.TagCount) {
	words := map[string]int{} // by importance, less is more
	add := func(source string) {
		parts := strings.Split(text.Slug(source), "-")
		for size := 3; size > 0; size-- {
			for i := 0; i+size <= len(parts); i++ {
				word := strings.Join(parts[i:i+size], "-")
				if _, there := words[word]; !there && len(word) >= 4 && !digits(strings.ReplaceAll(word, "-", "")) {
					words[word] = len(words)
				}
			}
		}
	}
	for _, name := range names[:min(len(names), 4)] {
		add(name)
	}
	var found []string
	for i := range known {
		if _, said := words[known[i].Tag]; said && !slices.Contains(plainWords, known[i].Tag) && known[i].Total() >= usedTag {
			found = append(found, known[i].Tag)
		}
	}
	slices.SortStableFunc(found, func(a, b string) int { return words[a] - words[b] })
	p.Tags = found[:min(len(found), mostTags)]
}

// skeleton is a description made of what is known: nothing in it is invented.
func (v *visit) skeleton(made *proposal, d *catalog.Dataset) string {
	var b strings.Builder
	for i := range made.tables {
		t := &made.tables[i]
		names := slices.DeleteFunc(slices.Clone(t.columns), func(name string) bool { return name == "" })
		if len(names) == 0 {
			continue
		}
		if b.Len() == 0 {
			b.WriteString("## " + v.say.T("publish.skeleton-content") + "\n\n")
		}
		line := v.say.T("publish.skeleton-table", "title", t.title, "count", len(t.columns))
		if t.count >= 0 {
			line = v.say.T("publish.skeleton-rows", "title", t.title, "count", len(t.columns), "rows", t.count)
		}
		shown := names[:min(len(names), 20)]
		b.WriteString(line + "\n\n")
		for _, name := range shown {
			b.WriteString("- `" + strings.ReplaceAll(name, "`", "'") + "`\n")
		}
		if len(names) > len(shown) {
			b.WriteString("- " + v.say.T("publish.skeleton-more", "count", len(names)-len(shown)) + "\n")
		}
		b.WriteString("\n")
	}
	if who := v.producer(&d.Owned); who != nil {
		b.WriteString("## " + v.say.T("publish.skeleton-origin") + "\n\n" + v.say.T("publish.skeleton-by", "name", who.Name) + "\n")
	}
	return strings.TrimSpace(b.String())
}
