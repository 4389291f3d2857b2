package i18n

import (
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// printer returns one without messages.
func printer(lang string) *Printer {
	return (&Messages{}).Printer(lang, "en", nil)
}

// spaced shows no-break spaces: · stands for the narrow one, _ for the other.
func spaced(s string) string { return strings.NewReplacer(nnbsp, "·", nbsp, "_").Replace(s) }

var six = []string{"fr", "en", "es", "pt", "de", "it"}

func check(t *testing.T, what string, want []string, write func(*Printer) string) {
	t.Helper()
	for i, lang := range six {
		if got := spaced(write(printer(lang))); got != want[i] {
			t.Errorf("%s in %s: %q, want %q", what, lang, got, want[i])
		}
	}
}

func TestNumbers(t *testing.T) {
	for _, test := range []struct {
		n    any
		want []string
	}{
		{0, []string{"0", "0", "0", "0", "0", "0"}},
		{999, []string{"999", "999", "999", "999", "999", "999"}},
		{1234, []string{"1·234", "1,234", "1234", "1.234", "1.234", "1234"}},
		{12345, []string{"12·345", "12,345", "12.345", "12.345", "12.345", "12.345"}},
		{-1234567, []string{"-1·234·567", "-1,234,567", "-1.234.567", "-1.234.567", "-1.234.567", "-1.234.567"}},
		{float32(0.5), []string{"0,5", "0.5", "0,5", "0,5", "0,5", "0,5"}},
		{math.MinInt64, []string{"-9·223·372·036·854·775·808", "-9,223,372,036,854,775,808", "-9.223.372.036.854.775.808", "-9.223.372.036.854.775.808", "-9.223.372.036.854.775.808", "-9.223.372.036.854.775.808"}},
		{"n/a", []string{"n/a", "n/a", "n/a", "n/a", "n/a", "n/a"}},
		{nil, []string{"", "", "", "", "", ""}},
		{(*int)(nil), []string{"", "", "", "", "", ""}},
	} {
		check(t, "Number", test.want, func(p *Printer) string { return p.Number(test.n) })
	}
	check(t, "Decimal", []string{"1·234,50", "1,234.50", "1234,50", "1.234,50", "1.234,50", "1234,50"},
		func(p *Printer) string { return p.Decimal(1234.5, 2) })
	check(t, "Percent", []string{"63·%", "63%", "63_%", "63%", "63_%", "63%"},
		func(p *Printer) string { return p.Percent(0.6349) })
	for f, want := range map[float64]string{math.NaN(): "NaN", math.Inf(1): "+Inf", -0.001: "0", 0: "0"} {
		if got := printer("fr").Decimal(f, 0); got != want {
			t.Errorf("Decimal(%v) = %q, want %q", f, got, want)
		}
	}
}

func TestCompact(t *testing.T) {
	for _, test := range []struct {
		n    any
		want []string
	}{
		{999, []string{"999", "999", "999", "999", "999", "999"}},
		{1000, []string{"1·k", "1k", "1_mil", "1_mil", "1_Tsd.", "1_mila"}},
		{1234, []string{"1,2·k", "1.2k", "1,2_mil", "1,2_mil", "1,2_Tsd.", "1,2_mila"}},
		{uint(99_949), []string{"99,9·k", "99.9k", "99,9_mil", "99,9_mil", "99,9_Tsd.", "99,9_mila"}},
		{120_858, []string{"121·k", "121k", "121_mil", "121_mil", "121_Tsd.", "121_mila"}},
		{999_499, []string{"999·k", "999k", "999_mil", "999_mil", "999_Tsd.", "999_mila"}},
		{999_500, []string{"1·M", "1M", "1_M", "1_mi", "1_Mio.", "1_Mln"}},
		{-3_400_000, []string{"-3,4·M", "-3.4M", "-3,4_M", "-3,4_mi", "-3,4_Mio.", "-3,4_Mln"}},
		{5_600_000_000, []string{"5,6·Md", "5.6B", "5600_M", "5,6_bi", "5,6_Mrd.", "5,6_Mrd"}},
		{"?", []string{"?", "?", "?", "?", "?", "?"}},
	} {
		check(t, "Compact", test.want, func(p *Printer) string { return p.Compact(test.n) })
	}
}

func TestSize(t *testing.T) {
	for _, test := range []struct {
		bytes int64
		want  []string
	}{
		{0, []string{"0_o", "0_B", "0_B", "0_B", "0_B", "0_B"}},
		{999, []string{"999_o", "999_B", "999_B", "999_B", "999_B", "999_B"}},
		{3_200_000, []string{"3,2_Mo", "3.2_MB", "3,2_MB", "3,2_MB", "3,2_MB", "3,2_MB"}},
		{999_600, []string{"1_Mo", "1_MB", "1_MB", "1_MB", "1_MB", "1_MB"}},
		{math.MaxInt64, []string{"9,2_Eo", "9.2_EB", "9,2_EB", "9,2_EB", "9,2_EB", "9,2_EB"}},
	} {
		check(t, "Size", test.want, func(p *Printer) string { return p.Size(test.bytes) })
	}
}

// embedded is a moment as the database's type is one.
type embedded struct{ time.Time }

func TestDates(t *testing.T) {
	moment := time.Date(2026, 3, 1, 14, 5, 59, 0, time.UTC)
	date := []string{"1er mars 2026", "1 March 2026", "1 de marzo de 2026", "1 de março de 2026", "1. März 2026", "1 marzo 2026"}
	for _, same := range []any{moment, &moment, embedded{moment}, &embedded{moment}, "2026-03-01", "2026-03-01T14:05:59Z"} {
		check(t, "Date", date, func(p *Printer) string { return p.Date(same) })
	}
	check(t, "DateTime", []string{
		"1er mars 2026 à 14:05", "1 March 2026 at 14:05", "1 de marzo de 2026, 14:05", "1 de março de 2026 às 14:05",
		"1. März 2026 um 14:05", "1 marzo 2026 alle ore 14:05",
	}, func(p *Printer) string { return p.DateTime(moment) })
	check(t, "Month", []string{"mars 2026", "March 2026", "marzo de 2026", "março de 2026", "März 2026", "marzo 2026"},
		func(p *Printer) string { return p.Month("2026-03") })
	p := printer("fr")
	for _, nothing := range []any{nil, time.Time{}, (*time.Time)(nil), embedded{}, (*embedded)(nil), "", 3} {
		if got := p.Date(nothing) + p.DateTime(nothing) + p.Ago(nothing, moment); got != "" {
			t.Errorf("%#v is written %q", nothing, got)
		}
	}
	for text, want := range map[string]string{"2011": "2011", "2011-02": "février 2011", "depuis toujours": "depuis toujours", "2026-02-30": "2026-02-30"} {
		if got := p.Date(text); got != want {
			t.Errorf("Date(%q) = %q", text, got)
		}
		if got := p.DateTime(text); got != want {
			t.Errorf("DateTime(%q) = %q", text, got)
		}
	}
	if got := p.DateTime("2026-03-01T14:05:59+02:00"); got != "1er mars 2026 à 12:05" {
		t.Errorf("a moment with an offset is %q", got)
	}
}

func TestEveryMonthAndDay(t *testing.T) {
	for _, lang := range six {
		seen := map[string]bool{}
		for day := time.Date(2024, 1, 1, 12, 0, 0, 0, time.UTC); day.Year() == 2024; day = day.AddDate(0, 0, 1) {
			text := printer(lang).Date(day)
			if !strings.Contains(text, "2024") || !strings.Contains(text, strconv.Itoa(day.Day())) || seen[text] {
				t.Fatalf("%s: %s is %q", lang, day, text)
			}
			seen[text] = true
		}
	}
}

func TestDatesAreThoseOfTheZone(t *testing.T) {
	zone := time.FixedZone("", -4*3600)
	p := (&Messages{}).Printer("fr", "en", zone)
	if got := p.DateTime(time.Date(2026, 1, 1, 2, 0, 0, 0, time.UTC)); got != "31 décembre 2025 à 22:00" {
		t.Errorf("got %q", got)
	}
	if got := p.Date("2026-01-01"); got != "1er janvier 2026" {
		t.Errorf("a day without time moved: %q", got)
	}
}

func TestAgo(t *testing.T) {
	now := time.Date(2026, 1, 16, 12, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		span time.Duration
		want []string
	}{
		{59 * time.Second, []string{"à l’instant", "just now", "ahora mismo", "agora mesmo", "gerade eben", "proprio ora"}},
		{-59 * time.Second, []string{"à l’instant", "just now", "ahora mismo", "agora mesmo", "gerade eben", "proprio ora"}},
		{time.Minute, []string{"il y a 1 minute", "1 minute ago", "hace 1 minuto", "há 1 minuto", "vor 1 Minute", "1 minuto fa"}},
		{59*time.Minute + 59*time.Second, []string{"il y a 59 minutes", "59 minutes ago", "hace 59 minutos", "há 59 minutos", "vor 59 Minuten", "59 minuti fa"}},
		{2 * time.Hour, []string{"il y a 2 heures", "2 hours ago", "hace 2 horas", "há 2 horas", "vor 2 Stunden", "2 ore fa"}},
		{3 * oneDay, []string{"il y a 3 jours", "3 days ago", "hace 3 días", "há 3 dias", "vor 3 Tagen", "3 giorni fa"}},
		{oneMonth, []string{"il y a 1 mois", "1 month ago", "hace 1 mes", "há 1 mês", "vor 1 Monat", "1 mese fa"}},
		{oneYear - 1, []string{"il y a 11 mois", "11 months ago", "hace 11 meses", "há 11 meses", "vor 11 Monaten", "11 mesi fa"}},
		{-2 * oneYear, []string{"dans 2 ans", "in 2 years", "dentro de 2 años", "em 2 anos", "in 2 Jahren", "tra 2 anni"}},
	} {
		check(t, test.span.String(), test.want, func(p *Printer) string { return p.Ago(now.Add(-test.span), now) })
	}
	if got := printer("fr").Ago(time.Date(3, 2, 5, 0, 0, 0, 0, time.UTC), now); got != "il y a 292 ans" {
		t.Errorf("beyond the longest span: %q", got)
	}
}

func TestLanguagesWithoutALocale(t *testing.T) {
	moment := time.Date(2026, 1, 16, 14, 5, 0, 0, time.UTC)
	for _, test := range []struct{ lang, number string }{
		{"nl", "1.234.567,5"}, {"pl", "1_234_567,5"}, {"sv", "1_234_567,5"}, {"ja", "1,234,567.5"}, {"??", "1·234·567,5"},
	} {
		p := (&Messages{}).Printer(test.lang, "fr", nil)
		if got := spaced(p.Number(1234567.5)); got != test.number {
			t.Errorf("%s: %q, want %q", test.lang, got, test.number)
		}
		if got := p.Date(moment) + "|" + p.DateTime(moment) + "|" + p.Month("2026-01"); got != "2026-01-16|2026-01-16 14:05|2026-01" {
			t.Errorf("%s: %s", test.lang, got)
		}
		if got := p.Ago(moment, moment.Add(72*time.Hour)); got != "il y a 3 jours" {
			t.Errorf("%s: %s", test.lang, got)
		}
	}
}

// Whatever is written reads back as the number.
func TestNumbersReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := printer(rapid.SampledFrom(append([]string{"nl", "pl"}, six...)).Draw(t, "lang"))
		back := func(s string) float64 {
			s = strings.Replace(strings.ReplaceAll(s, p.group, ""), p.decimal, ".", 1)
			f, err := strconv.ParseFloat(s, 64)
			if err != nil {
				t.Fatalf("%q is no number", s)
			}
			return f
		}
		n := rapid.Int64().Draw(t, "n")
		if got := strings.ReplaceAll(p.Number(n), p.group, ""); got != strconv.FormatInt(n, 10) {
			t.Fatalf("%d is written %q", n, p.Number(n))
		}
		f := rapid.Float64Range(-1e12, 1e12).Draw(t, "f")
		if got := back(p.Number(f)); got != f {
			t.Fatalf("%v is written %q", f, p.Number(f))
		}
		if got := back(p.Decimal(f, 3)); math.Abs(got-f) > 0.0006 {
			t.Fatalf("%v is written %q", f, p.Decimal(f, 3))
		}
	})
}

// A short number is never further than its last digit from the number, and no
// longer than five signs before its word.
func TestCompactIsNear(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := printer("fr")
		n := rapid.Int64Range(1000, 999e9).Draw(t, "n")
		text, word, _ := strings.Cut(p.Compact(n), nnbsp)
		size := map[string]float64{"k": 1e3, "M": 1e6, "Md": 1e9}[word]
		f, err := strconv.ParseFloat(strings.Replace(text, ",", ".", 1), 64)
		if err != nil || len(text) > 4 || math.Abs(f*size-float64(n)) > max(0.051*size, 0.0051*float64(n)) {
			t.Fatalf("%d is written %q", n, p.Compact(n))
		}
	})
}

func BenchmarkT(b *testing.B) {
	m, err := ReadMessages(folder("fr.json", `{"n": {"one": "{count} jeu", "other": "{count} jeux de données"}}`))
	if err != nil {
		b.Fatal(err)
	}
	p := m.Printer("fr", "en", nil)
	for b.Loop() {
		p.T("n", "count", 120858)
	}
}
