package portal

import (
	"cmp"
	"net/url"
	"strings"
	"time"

	"grenier/internal/catalog"
	"grenier/internal/fault"
	"grenier/internal/harvest"
)

// adminHarvesterFind tells what became of a record of a remote portal.
type adminHarvesterFind struct {
	// Action is where the form asks, Query what was looked for.
	Action, Query string
	// Asked tells that something was looked for.
	Asked bool
	// Wrong says why nothing could be looked for.
	Wrong  string
	Traces []harvestTrace
	Empty  emptyState
}

// harvestTrace is what is known of a record, and of what it is here.
type harvestTrace struct {
	Title, Lang string
	// Object leads to what it is here, empty when it is nothing; Source to where it
	// came from.
	Object, Source, SourceName string
	RemoteID, Remote           string
	Badges                     []badge
	// Said says in a sentence what became of it.
	Said string
	// Seen is when a job last listed it, Missing since when none did.
	Seen, Missing time.Time
	// Item leads to the newest item about it, with its errors.
	Item     string
	Troubles []harvestTroubleShown
}

// findHarvestedArgs are what is looked for.
type findHarvestedArgs struct {
	URL string `query:"url"`
}

func (p *Portal) showFindHarvested(v *visit, in findHarvestedArgs) error {
	content := adminHarvesterFind{Action: v.path(findHarvestedPath), Query: wordsOf(in.URL)}
	if content.Asked = content.Query != ""; content.Asked {
		traces, err := p.Harvests.LookUp(v.Context(), v.viewer, content.Query)
		switch {
		case fault.Is(err, fault.Invalid):
			content.Wrong = v.refusal(plainText(err))
		case err != nil:
			return err
		}
		for i := range traces {
			content.Traces = append(content.Traces, v.harvestTrace(&traces[i]))
		}
		content.Empty = emptyState{Icon: "search", Title: v.say.T("admin-harvest.find-none"), Text: v.say.T("admin-harvest.find-none-text")}
	}
	return v.showAdmin(adminDraft{
		name: "harvester-find", title: v.say.T("admin-harvest.find"), path: findHarvestedPath, scope: scopeMe, icon: "search", kicker: "admin-harvest.title",
		lead: v.say.T("admin-harvest.find-lead"), crumbs: []Link{{v.say.T("admin-harvest.title"), v.path(myHarvestersPath)}}, data: content,
	})
}

// harvestTrace shows what is known of a record.
func (v *visit) harvestTrace(t *harvest.Trace) harvestTrace {
	shown := harvestTrace{
		Title: t.Title, Lang: v.contentLang(), SourceName: t.SourceName, RemoteID: t.RemoteID, Remote: linkable(t.RemoteURL), Seen: t.LastSeen.Time, Missing: t.MissingSince.Time,
	}
	if t.SourceName != "" {
		shown.Source = v.path(sourcePath(t.Source, ""))
	}
	if shown.Title == "" {
		shown.Title, shown.Lang = t.RemoteID, ""
	}
	if t.Object != "" {
		shown.Object = v.publicPage(t.Kind, t.Object)
	}
	var said []string
	if item := t.Item; item != nil {
		shown.Badges = append(shown.Badges, v.outcomeBadge(item.Outcome))
		shown.Troubles = v.harvestTroubles(item.Troubles())
		if t.Source != "" {
			shown.Item = v.path(harvestItemPath(t.Source, item))
		}
		if message := outcomeSentences[item.Outcome]; message != "" {
			said = append(said, v.say.T(message))
		}
	}
	switch {
	case t.Archived:
		shown.Badges = append(shown.Badges, badge{v.say.T("common.archived"), "warning", "archive"})
		said = append(said, v.say.T("admin-harvest.trace-archived"))
	case t.Object == "" && len(said) == 0:
		said = append(said, v.say.T("admin-harvest.trace-nothing"))
	case !t.MissingSince.IsZero():
		said = append(said, v.say.T("admin-harvest.trace-missing"))
	}
	shown.Said = strings.Join(said, " ")
	return shown
}

// outcomeSentences say what became of a record, by what it came to last.
var outcomeSentences = map[harvest.Outcome]string{
	harvest.OutcomeNew: "admin-harvest.trace-new", harvest.OutcomeChanged: "admin-harvest.trace-changed", harvest.OutcomeUnchanged: "admin-harvest.trace-unchanged",
	harvest.OutcomeVanished: "admin-harvest.trace-vanished", harvest.OutcomeRefused: "admin-harvest.trace-refused", harvest.OutcomeSkipped: "admin-harvest.trace-skipped",
	harvest.OutcomeConflict: "admin-harvest.trace-conflict",
}

// harvestedFrom leads to what the harvests made of a dataset; without an address
// for one that was written here.
func (v *visit) harvestedFrom(d *catalog.Dataset) AdminAction {
	if v.p.Harvests == nil || d.Harvest == nil {
		return AdminAction{}
	}
	remote := cmp.Or(deref(d.Harvest.RemoteID), deref(d.Harvest.RemoteURL))
	if remote == "" {
		return AdminAction{}
	}
	return AdminAction{Label: v.say.T("admin-harvest.origin"), URL: v.path(findHarvestedPath) + "?url=" + url.QueryEscape(remote), Icon: "harvest"}
}
