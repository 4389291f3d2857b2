package i18n

import (
	"strings"
	"unicode"

	"golang.org/x/text/language"
	printing "golang.org/x/text/message"
)

const (
	nbsp  = "\u00A0" // no-break space
	nnbsp = "\u202F" // narrow no-break space
)

// unit is a word that stands for a power of ten.
type unit struct {
	size float64
	word string
}

// words are those of relative times, each unit in the singular and the plural.
// Within past and future, % stands for the count and unit.
type words struct {
	now, past, future              string
	minute, hour, day, month, year [2]string
}

// calendar tells how dates are written: D the day, M the month's name, Y the
// year, T the date and H the time of day.
type calendar struct {
	months                     []string
	first                      string // the day 1, where it is not "1"
	date, month, dateAndMoment string
}

// locale is how a language writes numbers, sizes and moments, after CLDR.
type locale struct {
	decimal, group string
	minGrouped     int // digits before the first separator must be at least so many
	percent        string
	compact        []unit // largest first, with the space before the word
	byteUnits      []string
	calendar       *calendar // nil: dates by ISO 8601
	words          *words
}

var octets = []string{"o", "ko", "Mo", "Go", "To", "Po", "Eo"}
var bytes8 = []string{"B", "kB", "MB", "GB", "TB", "PB", "EB"}

// locales are those that are complete.
var locales = map[string]locale{
	"fr": {
		decimal: ",", group: nnbsp, minGrouped: 1, percent: nnbsp + "%", byteUnits: octets,
		compact: []unit{{1e9, nnbsp + "Md"}, {1e6, nnbsp + "M"}, {1e3, nnbsp + "k"}},
		calendar: &calendar{
			months: []string{"janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"},
			first:  "1er", date: "D M Y", month: "M Y", dateAndMoment: "T à H",
		},
		words: &words{
			now: "à l’instant", past: "il y a %", future: "dans %",
			minute: [2]string{"minute", "minutes"}, hour: [2]string{"heure", "heures"}, day: [2]string{"jour", "jours"},
			month: [2]string{"mois", "mois"}, year: [2]string{"an", "ans"},
		},
	},
	"en": {
		decimal: ".", group: ",", minGrouped: 1, percent: "%", byteUnits: bytes8,
		compact: []unit{{1e9, "B"}, {1e6, "M"}, {1e3, "k"}},
		calendar: &calendar{
			months: []string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"},
			first:  "1", date: "D M Y", month: "M Y", dateAndMoment: "T at H",
		},
		words: &words{
			now: "just now", past: "% ago", future: "in %",
			minute: [2]string{"minute", "minutes"}, hour: [2]string{"hour", "hours"}, day: [2]string{"day", "days"},
			month: [2]string{"month", "months"}, year: [2]string{"year", "years"},
		},
	},
	"es": {
		decimal: ",", group: ".", minGrouped: 2, percent: nbsp + "%", byteUnits: bytes8,
		compact: []unit{{1e12, nbsp + "B"}, {1e6, nbsp + "M"}, {1e3, nbsp + "mil"}},
		calendar: &calendar{
			months: []string{"enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"},
			first:  "1", date: "D de M de Y", month: "M de Y", dateAndMoment: "T, H",
		},
		words: &words{
			now: "ahora mismo", past: "hace %", future: "dentro de %",
			minute: [2]string{"minuto", "minutos"}, hour: [2]string{"hora", "horas"}, day: [2]string{"día", "días"},
			month: [2]string{"mes", "meses"}, year: [2]string{"año", "años"},
		},
	},
	"pt": {
		decimal: ",", group: ".", minGrouped: 1, percent: "%", byteUnits: bytes8,
		compact: []unit{{1e9, nbsp + "bi"}, {1e6, nbsp + "mi"}, {1e3, nbsp + "mil"}},
		calendar: &calendar{
			months: []string{"janeiro", "fevereiro", "março", "abril", "maio", "junho", "julho", "agosto", "setembro", "outubro", "novembro", "dezembro"},
			first:  "1", date: "D de M de Y", month: "M de Y", dateAndMoment: "T às H",
		},
		words: &words{
			now: "agora mesmo", past: "há %", future: "em %",
			minute: [2]string{"minuto", "minutos"}, hour: [2]string{"hora", "horas"}, day: [2]string{"dia", "dias"},
			month: [2]string{"mês", "meses"}, year: [2]string{"ano", "anos"},
		},
	},
	"de": {
		decimal: ",", group: ".", minGrouped: 1, percent: nbsp + "%", byteUnits: bytes8,
		compact: []unit{{1e9, nbsp + "Mrd."}, {1e6, nbsp + "Mio."}, {1e3, nbsp + "Tsd."}},
		calendar: &calendar{
			months: []string{"Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember"},
			first:  "1", date: "D. M Y", month: "M Y", dateAndMoment: "T um H",
		},
		words: &words{
			now: "gerade eben", past: "vor %", future: "in %",
			minute: [2]string{"Minute", "Minuten"}, hour: [2]string{"Stunde", "Stunden"}, day: [2]string{"Tag", "Tagen"},
			month: [2]string{"Monat", "Monaten"}, year: [2]string{"Jahr", "Jahren"},
		},
	},
	"it": {
		decimal: ",", group: ".", minGrouped: 2, percent: "%", byteUnits: bytes8,
		compact: []unit{{1e9, nbsp + "Mrd"}, {1e6, nbsp + "Mln"}, {1e3, nbsp + "mila"}},
		calendar: &calendar{
			months: []string{"gennaio", "febbraio", "marzo", "aprile", "maggio", "giugno", "luglio", "agosto", "settembre", "ottobre", "novembre", "dicembre"},
			first:  "1", date: "D M Y", month: "M Y", dateAndMoment: "T alle ore H",
		},
		words: &words{
			now: "proprio ora", past: "% fa", future: "tra %",
			minute: [2]string{"minuto", "minuti"}, hour: [2]string{"ora", "ore"}, day: [2]string{"giorno", "giorni"},
			month: [2]string{"mese", "mesi"}, year: [2]string{"anno", "anni"},
		},
	},
}

// localeOf returns a language's locale. A language without one has the
// separators that CLDR gives it, dates by ISO 8601 and the words of fallback.
func localeOf(lang, fallback string) locale {
	if own, ok := locales[base(lang)]; ok {
		return own
	}
	l, ok := locales[base(fallback)]
	if !ok {
		l = locales[lastResort]
	}
	l.calendar = nil
	if tag, err := language.Parse(lang); err == nil {
		l.group, l.decimal, l.minGrouped = separators(tag)
	}
	return l
}

// separators finds how a language separates groups of digits and decimals, by
// having a number written.
func separators(tag language.Tag) (group, decimal string, minGrouped int) {
	marks := strings.FieldsFunc(printing.NewPrinter(tag).Sprintf("%.1f", 12345678.5), unicode.IsDigit)
	if len(marks) < 2 {
		return ",", ".", 1
	}
	return marks[0], marks[len(marks)-1], 1
}
