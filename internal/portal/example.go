package portal

import (
	"errors"
	"fmt"
	"maps"

	"grenier/internal/portal/theme"
)

// contents gives the type of Page.Data by the page's name: the contract of the
// templates. Each page has its line in its own file.
func contents() map[string]any {
	all := map[string]any{"home": home{}, "error": problem{}}
	for _, some := range []map[string]any{
		searchContents, datasetContents, organizationContents, reuseContents, dataserviceContents, topicContents, postContents,
		userContents, tagContents, territoryContents, helpContents, integrateContents, wordContents, adminContents, adminMeContents, adminSessionContents, adminTokenContents, adminWebhookContents, adminProgramContents, sessionContents,
		adminOrganizationContents, adminMemberContents, adminContactContents, adminTransferContents, adminDatasetContents,
		adminReuseContents, adminDataserviceContents, adminTopicContents, adminPostContents, adminBlocContents, adminCommunityContents, adminChartContents,
		activityContents, adminHistoryContents, adminSiteContents, adminUserContents, adminJobContents, adminHarvestContents,
	} {
		maps.Copy(all, some)
	}
	return all
}

// try draws every page of a theme in the site's own language, so that a template
// that asks for what is not there is found before a reader is.
func (p *Portal) try(worn *theme.Theme) ([]theme.Finding, error) {
	failed := p.tryAll(worn, []string{p.Language})
	switch len(failed) {
	case 0:
		return worn.Findings(), nil
	case 1:
		return nil, errors.New(explain(worn, failed[0]).String())
	}
	return nil, fmt.Errorf("%s (and %d more: see grenier theme check)", explain(worn, failed[0]), len(failed)-1)
}
