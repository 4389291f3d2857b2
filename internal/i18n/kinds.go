package i18n

// Kind is a list of values whose labels people read.
type Kind string

// The kinds. The values are those of the compatible API.
const (
	Frequency         Kind = "frequency"
	ResourceType      Kind = "resource-type"
	FileType          Kind = "file-type"
	FormatFamily      Kind = "format-family"
	DatasetBadge      Kind = "dataset-badge"
	DataserviceBadge  Kind = "dataservice-badge"
	OrganizationBadge Kind = "organization-badge"
	ProducerType      Kind = "producer-type"
	OrganizationRole  Kind = "organization-role"
	RequestStatus     Kind = "request-status" // of memberships and transfers
	ReuseType         Kind = "reuse-type"
	ReuseTopic        Kind = "reuse-topic"
	ContactRole       Kind = "contact-role"
	ReportReason      Kind = "report-reason"
	AccessType        Kind = "access-type"
	AccessAudience    Kind = "access-audience"
	AccessCondition   Kind = "access-condition"
	// ReasonCategory and ReasonDefinition share their values: the grounds for
	// limiting public access of the INSPIRE Directive, article 13(1) a to h.
	ReasonCategory   Kind = "reason-category"
	ReasonDefinition Kind = "reason-definition"
	// Granularity holds the levels of the administrative division, then poi
	// and other.
	Granularity Kind = "granularity"
	Activity    Kind = "activity"
	// HarvestSetting and HarvestSettingHelp name and explain what harvest sources
	// may be told, by its key.
	HarvestSetting     Kind = "harvest-setting"
	HarvestSettingHelp Kind = "harvest-setting-help"
)

var reasons = []string{
	"confidentiality_of_proceedings_of_public_authorities", "international_relations_public_security_or_national_defence",
	"course_of_justice_or_fair_trial", "confidentiality_of_commercial_or_industrial_information",
	"intellectual_property_rights", "confidentiality_of_personal_data",
	"protection_of_voluntary_information_suppliers", "protection_of_environment",
}

var harvestSettings = []string{
	"organization", "tags", "tag", "publisher", "badge", "license", "format", "geozone", "domain", "inspire",
	"federated", "non_public", "geodcatap", "remote_url_prefix", "harvested", "dataservices", "columns", "delimiter", "encoding",
}

// kinds give the values of each kind in the order of the API.
var kinds = map[Kind][]string{
	Frequency: {
		"continuous", "oneMinute", "fiveMinutes", "tenMinutes", "fifteenMinutes", "thirtyMinutes", "hourly", "bihourly",
		"trihourly", "twelveHours", "severalTimesADay", "threeTimesADay", "semidaily", "daily", "fiveTimesAWeek",
		"threeTimesAWeek", "semiweekly", "weekly", "biweekly", "threeTimesAMonth", "semimonthly", "monthly", "bimonthly",
		"quarterly", "threeTimesAYear", "semiannual", "annual", "biennial", "triennial", "quadrennial", "quinquennial",
		"decennial", "bidecennial", "tridecennial", "punctual", "irregular", "never", "notPlanned", "other", "unknown",
	},
	ResourceType:      {"main", "documentation", "update", "api", "code", "other"},
	FileType:          {"file", "remote"},
	FormatFamily:      {"tabular", "machine_readable", "geographical", "documents", "other"},
	DatasetBadge:      {"pivotal-data", "spd", "inspire", "hvd", "sl", "sr"},
	DataserviceBadge:  {"hvd"},
	OrganizationBadge: {"public-service", "certified", "association", "company", "local-authority"},
	ProducerType:      {"public-service", "association", "company", "local-authority", "user", "not-specified"},
	OrganizationRole:  {"admin", "editor", "partial_editor"},
	RequestStatus:     {"pending", "accepted", "refused", "canceled"},
	ReuseType:         {"api", "application", "idea", "news_article", "paper", "post", "visualization", "hardware"},
	ReuseTopic: {
		"health", "transport_and_mobility", "housing_and_development", "food_and_agriculture", "culture_and_recreation",
		"economy_and_business", "environment_and_energy", "work_and_training", "politics_and_public_life",
		"safety_and_security", "education_and_research", "society_and_demography", "law_and_justice", "open_data_tools",
		"others",
	},
	ContactRole: {
		"contact", "creator", "publisher", "rightsHolder", "custodian", "distributor", "originator",
		"principalInvestigator", "processor", "resourceProvider", "user",
	},
	ReportReason: {
		"auto_spam", "explicit_content", "illegal_content", "others", "personal_data", "security", "spam",
	},
	AccessType:       {"open", "open_with_account", "restricted"},
	AccessAudience:   {"local_authority_and_administration", "company_and_association", "private"},
	AccessCondition:  {"yes", "no", "under_condition"},
	ReasonCategory:   reasons,
	ReasonDefinition: reasons,
	Granularity: {
		"country-group", "country", "country-subset", "fr:region", "fr:departement", "fr:arrondissement", "fr:commune",
		"fr:iris", "fr:canton", "fr:collectivite", "fr:epci", "poi", "other",
	},
	Activity: {
		"dataset:created", "dataset:updated", "dataset:deleted", "dataset:discussed", "dataset:followed",
		"dataset:resource:added", "dataset:resource:updated", "dataset:resource:deleted",
		"dataservice:created", "dataservice:updated", "dataservice:deleted", "dataservice:discussed", "dataservice:followed",
		"reuse:created", "reuse:updated", "reuse:deleted", "reuse:discussed", "reuse:followed",
		"organization:created", "organization:updated", "organization:followed",
		"topic:created", "topic:updated", "topic:element:created", "topic:element:updated", "topic:element:deleted",
		"user:followed",
	},
	HarvestSetting:     harvestSettings,
	HarvestSettingHelp: harvestSettings,
}
