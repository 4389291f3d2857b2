package portal

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"grenier/internal/harvest"
	"grenier/internal/i18n"
)

// harvestKinds are the backends of this program: the messages that name them and
// say what portals they read.
var harvestKinds = map[string]struct{ label, text string }{
	"ckan":          {"admin-harvest.backend-ckan", "admin-harvest.backend-ckan-text"},
	"dkan":          {"admin-harvest.backend-dkan", "admin-harvest.backend-dkan-text"},
	"ods":           {"admin-harvest.backend-ods", "admin-harvest.backend-ods-text"},
	"maaf":          {"admin-harvest.backend-maaf", "admin-harvest.backend-maaf-text"},
	"dcat":          {"admin-harvest.backend-dcat", "admin-harvest.backend-dcat-text"},
	"datajson":      {"admin-harvest.backend-datajson", "admin-harvest.backend-datajson-text"},
	"csw-dcat":      {"admin-harvest.backend-csw-dcat", "admin-harvest.backend-csw-dcat-text"},
	"csw-iso-19139": {"admin-harvest.backend-csw-iso", "admin-harvest.backend-csw-iso-text"},
	"udata":         {"admin-harvest.backend-udata", "admin-harvest.backend-udata-text"},
	"csv":           {"admin-harvest.backend-csv", "admin-harvest.backend-csv-text"},
}

// harvestKind names a backend: by its own label when it is none of this program.
func (v *visit) harvestKind(id, label string) (name, text string) {
	if known, ok := harvestKinds[id]; ok {
		return v.say.T(known.label), v.say.T(known.text)
	}
	return cmp.Or(label, id), ""
}

// harvestSetting names what sources of a backend may be told, and explains it: in
// the backend's own words when it is none of this program.
func (v *visit) harvestSetting(key, label, description string) (name, help string) {
	if known := i18n.Label(i18n.HarvestSetting, key, v.lang); known != key {
		return known, i18n.Label(i18n.HarvestSettingHelp, key, v.lang)
	}
	return cmp.Or(label, key), description
}

// statusBadges are the states of jobs; the words are messages.
var statusBadges = map[harvest.Status]badge{
	harvest.Initialized: {"admin-harvest.job-waiting", "", "clock"},
	harvest.Processing:  {"admin-harvest.job-running", "info", "refresh"},
	harvest.Done:        {"admin-harvest.job-done", "success", "success"},
	harvest.DoneErrors:  {"admin-harvest.job-errors", "warning", "warning"},
	harvest.Failed:      {"admin-harvest.job-failed", "danger", "error"},
	harvest.Cancelled:   {"admin-harvest.job-cancelled", "", "close"},
	harvest.Suspended:   {"admin-harvest.job-suspended", "warning", "clock"},
}

// jobBadge says how far a job is.
func (v *visit) jobBadge(status harvest.Status) badge {
	b := statusBadges[status]
	if b.Label == "" {
		return badge{Label: string(status)}
	}
	b.Label = v.say.T(b.Label)
	return b
}

// outcomeBadges are what records come to; the words are messages.
var outcomeBadges = map[harvest.Outcome]badge{
	harvest.OutcomeNew:       {"admin-harvest.outcome-new", "success", "plus"},
	harvest.OutcomeChanged:   {"admin-harvest.outcome-changed", "info", "edit"},
	harvest.OutcomeUnchanged: {"admin-harvest.outcome-unchanged", "", "check"},
	harvest.OutcomeVanished:  {"admin-harvest.outcome-vanished", "warning", "archive"},
	harvest.OutcomeRefused:   {"admin-harvest.outcome-refused", "danger", "error"},
	harvest.OutcomeSkipped:   {"admin-harvest.outcome-skipped", "", "minus"},
	harvest.OutcomeConflict:  {"admin-harvest.outcome-conflict", "warning", "warning"},
}

// outcomeBadge says what a record came to.
func (v *visit) outcomeBadge(outcome harvest.Outcome) badge {
	b := outcomeBadges[outcome]
	if b.Label == "" {
		return badge{Label: string(outcome)}
	}
	b.Label = v.say.T(b.Label)
	return b
}

// jobReasons say why a job was made, jobPhases what it is at.
var (
	jobReasons = map[string]string{
		harvest.ByHand: "admin-harvest.by-hand", harvest.ByValidation: "admin-harvest.by-validation",
		harvest.BySchedule: "admin-harvest.by-schedule", harvest.ByCommand: "admin-harvest.by-command",
	}
	jobPhases = map[string]string{
		"listing": "admin-harvest.phase-listing", "writing": "admin-harvest.phase-writing", "services": "admin-harvest.phase-services",
		"vanished": "admin-harvest.phase-vanished", "ending": "admin-harvest.phase-ending",
	}
)

// harvestWord is the message of a word of the program, or nothing where there is
// none.
func (v *visit) harvestWord(messages map[string]string, word string) string {
	if message := messages[word]; message != "" {
		return v.say.T(message)
	}
	return ""
}

// sourceBadges say whether a source works, the worst first.
func (v *visit) sourceBadges(s *harvest.Source, last *harvest.Job) []badge {
	one := func(message, tone, icon string) badge { return badge{v.say.T(message), tone, icon} }
	var all []badge
	if !s.DeletedAt.IsZero() {
		return append(all, one("common.deleted", "danger", "trash"))
	}
	switch s.Validation {
	case harvest.Pending:
		all = append(all, one("admin-harvest.state-pending", "warning", "clock"))
	case harvest.Refused:
		all = append(all, one("admin-harvest.state-refused", "danger", "close"))
	}
	if !s.Active {
		all = append(all, one("admin-harvest.state-paused", "", "close"))
	}
	if s.ShrunkJob != nil {
		all = append(all, one("admin-harvest.state-shrunk", "warning", "warning"))
	}
	if last != nil && !last.Status.Over() {
		all = append(all, v.jobBadge(last.Status))
	}
	switch {
	case s.Failures > 0:
		all = append(all, one("admin-harvest.state-failing", "danger", "error"))
	case s.Validation == harvest.Accepted && last == nil:
		all = append(all, one("admin-harvest.state-never", "", "clock"))
	case len(all) > 0:
	case last != nil && last.Status == harvest.DoneErrors:
		all = append(all, one("admin-harvest.state-errors", "warning", "warning"))
	default:
		all = append(all, one("admin-harvest.state-well", "success", "success"))
	}
	return all
}

// took says a span of time in two units at most: 2 h 05 min, 3 min 20 s, 4 s.
func (v *visit) took(d time.Duration) string {
	d = max(d, 0).Round(time.Second)
	hours, minutes, seconds := int(d/time.Hour), int(d/time.Minute)%60, int(d/time.Second)%60
	switch {
	case hours >= 48:
		return v.say.T("admin-harvest.took-days", "days", v.say.Number(hours/24), "hours", hours%24)
	case hours > 0:
		return v.say.T("admin-harvest.took-hours", "hours", hours, "minutes", minutes)
	case minutes > 0:
		return v.say.T("admin-harvest.took-minutes", "minutes", minutes, "seconds", seconds)
	}
	return v.say.T("admin-harvest.took-seconds", "seconds", seconds)
}

// cronDays are the names of days that cron expressions may hold.
var cronDays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// cronNumber reads one number of a cron expression, or a name of it.
func cronNumber(field string, names []string, first, last int) (int, bool) {
	if at := slices.Index(names, strings.ToLower(field[:min(len(field), 3)])); at >= 0 && len(field) >= 3 {
		return at + first, true
	}
	n, err := strconv.Atoi(field)
	return n, err == nil && n >= first && n <= last
}

// cronWords say a schedule of five fields in words where it is one that people
// speak of: every day, every Monday, the first of the month; other ones as they
// were written.
func (v *visit) cronWords(cron string) string {
	fields := strings.Fields(cron)
	if len(fields) != 5 {
		return cron
	}
	minute, exact := cronNumber(fields[0], nil, 0, 59)
	if !exact {
		return v.scheduleWords(cron)
	}
	hour, exact := cronNumber(fields[1], nil, 0, 23)
	if !exact || fields[3] != "*" {
		return v.scheduleWords(cron)
	}
	clock := two(hour) + ":" + two(minute)
	switch {
	case fields[2] == "*" && fields[4] == "*":
		return v.say.T("admin-job.daily", "time", clock)
	case fields[2] == "*":
		if day, ok := cronNumber(fields[4], cronDays, 0, 7); ok {
			return v.say.T("admin-harvest.weekly", "day", v.say.T("admin-harvest.day-"+cronDays[day%7]), "time", clock)
		}
	case fields[4] == "*":
		if day, ok := cronNumber(fields[2], nil, 1, 31); ok {
			return v.say.T("admin-harvest.monthly", "day", day, "time", clock)
		}
	}
	return cron
}

func two(n int) string { return string([]byte{byte('0' + n/10), byte('0' + n%10)}) }
