package search

import "math"

// rank says how the documents of a kind are ordered: score = text × prior × owner factor, where
//
//	text = (Σ over the words found: share × weights of the fields) + title features, × share found ^ 3
//
// and the share of a word is its part of the information in the question (inverse document frequency).
type rank struct {
	weights
	prior prior
	// byOwner multiplies by (1 + the followers and reuses of all the datasets of the organisation) ^ ownerPower.
	byOwner bool
}

// weights say what it is worth to find a word in a field, and how the words lie in the title.
type weights struct {
	// fields are the weights by bit of fieldMask; that of the description is multiplied by f/(f+1), where f is the
	// number of times the word stands there.
	fields [fieldCount]float32
	// titleRatio is for the part of the title's words that were asked for.
	titleRatio float32
	// phrase is for all words in a row in the title, when there are two or more.
	phrase float32
	// wholeTitle, which grows with the number of words, wholeTag and initials are for a question equal to the title, to a tag, to the title's initials.
	wholeTitle, wholeTag, initials float32
	// wholeAcronym is for a question which, written in one word, is an acronym of the document.
	wholeAcronym float32
	// start is for a title that begins with the first word, times the share found in the title.
	start float32
}

// prior is what a document weighs before any question: a product of powers of its counters.
type prior struct {
	views, downloads, reuses, followers float64
	// featured multiplies when the document is featured.
	featured float64
}

func (p *prior) of(d *Document) float64 {
	value := power(d.Popularity.Views, p.views) * power(d.Popularity.Downloads, p.downloads) *
		power(d.Popularity.Reuses, p.reuses) * power(d.Popularity.Followers, p.followers)
	if d.Featured && p.featured != 0 {
		value *= p.featured
	}
	return value
}

// power is (1 + count) to the power p, 1 for a negative count.
func power(count int64, p float64) float64 {
	if p == 0 || count <= 0 {
		return 1
	}
	return math.Pow(1+float64(count), p)
}

// ranks are the settings by kind. Those of datasets were measured on real questions with known answers; see
// docs/decisions/002-own-search-index.md.
var ranks = [lastKind + 1]rank{
	Dataset: {
		weights: weights{
			fields:     fields{title: 5.5, tags: .8, owner: 3, acronyms: 4, formerNames: 4, formats: .5, extra: .5, description: .9}.list(),
			titleRatio: 3, phrase: 2, wholeTitle: 1.6, wholeTag: .6, initials: 1, wholeAcronym: 1.8, start: .5,
		},
		prior:   prior{views: .45, reuses: .42, followers: .17, featured: 1.15},
		byOwner: true,
	},
	Organization: {
		weights: weights{
			fields:     fields{title: 4, tags: 1.5, acronyms: 4, formerNames: 5, initials: 2.5, extra: .5, description: 1}.list(),
			titleRatio: 2, phrase: 1, wholeTitle: 2, wholeTag: .5, initials: 1, wholeAcronym: 2, start: .5,
		},
		prior: prior{}, // see organizationPrior
	},
	Reuse: {
		weights: weights{
			fields:     fields{title: 5.5, tags: .8, owner: 3, acronyms: 4, formerNames: 4, formats: .5, extra: .5, description: .9}.list(),
			titleRatio: 3, phrase: 2, wholeTitle: 1.6, wholeTag: .6, initials: 1, wholeAcronym: 1.8, start: .5,
		},
		prior:   prior{views: .4, followers: .3, featured: 1.15},
		byOwner: true,
	},
	Dataservice: {
		weights: weights{
			fields:     fields{title: 5.5, tags: .8, owner: 3, acronyms: 4, formerNames: 4, formats: .5, extra: .5, description: .9}.list(),
			titleRatio: 3, phrase: 2, wholeTitle: 1.6, wholeTag: .6, initials: 1, wholeAcronym: 1.8, start: .5,
		},
		prior:   prior{views: .4, followers: .3, featured: 1.15},
		byOwner: true,
	},
	Topic: {
		weights: weights{
			fields:     fields{title: 4, tags: 1.5, owner: 1, acronyms: 4, formerNames: 3, extra: 1, description: 1.5}.list(),
			titleRatio: 2, phrase: 1, wholeTitle: 1, wholeTag: .5, initials: 1, wholeAcronym: 2, start: .5,
		},
		prior: prior{views: .2, reuses: .2, followers: .2, featured: 1.15},
	},
	Post: {
		weights: weights{
			fields:     fields{title: 4, tags: 1.5, owner: 1, acronyms: 4, formerNames: 3, extra: 1, description: 2}.list(),
			titleRatio: 2, phrase: 1, wholeTitle: 1, wholeTag: .5, initials: 1, wholeAcronym: 2, start: .5,
		},
		prior: prior{views: .2, featured: 1.15},
	},
}

// expansionWeights rank what is found by another name of what was asked, all of whose words must be found: an acronym
// for its words, or the words for an acronym.
var expansionWeights = weights{
	fields:     fields{title: 3, tags: 1.5, acronyms: 1.5, formerNames: 1.5, description: .6}.list(),
	titleRatio: .6, phrase: 1.2,
}

// fields are weights by name. The initials of organisations take the place of the formats of datasets.
type fields struct {
	title, tags, owner, acronyms, formerNames, formats, initials, extra, description float32
}

// list gives the weights in the order of the bits of fieldMask.
func (f fields) list() [fieldCount]float32 {
	return [fieldCount]float32{f.title, f.tags, f.owner, f.acronyms, f.formerNames, f.formats + f.initials, f.extra, f.description}
}

// maskTable gives the sum of the weights for each combination of fields, description left out.
func (w *weights) maskTable() *[256]float32 {
	var table [256]float32
	for mask := range table {
		for bit, weight := range w.fields[:fieldCount-1] {
			if mask>>bit&1 != 0 {
				table[mask] += weight
			}
		}
	}
	return &table
}

// descriptionTable gives the weight of a word that stands so many times in the description.
func (w *weights) descriptionTable() *[maxFrequency + 1]float32 {
	var table [maxFrequency + 1]float32
	for f := range table {
		table[f] = w.fields[fieldCount-1] * float32(f) / float32(f+1)
	}
	return &table
}

// sums are the counters of all datasets of an organisation.
type sums struct {
	datasets, views, interest int64 // interest is followers and reuses
}

// organizationPrior is the prior of an organisation with these datasets, and followers and views of its own.
func organizationPrior(s sums) float64 {
	return math.Sqrt(power(s.datasets, .5) * power(s.views, .25) * power(s.interest, .5))
}

// wholeTitleGrowth multiplies weights.wholeTitle by the number of words: one word is the title of many documents, three
// in the order of a title are hardly typed by chance.
var wholeTitleGrowth = [...]float32{1, 2.5, 6, 15, 40}

// Relevance constants that hold for all kinds.
const (
	// ownerPower: see rank.byOwner.
	ownerPower = .04
	// matchShare is the part of the best document's share of the question that another needs to match at all.
	matchShare = .5
	// variantFactor multiplies the score of what is found by correcting or completing a word.
	variantFactor = .4
	// variantShare is the part of the best score as typed that the best of a correction must reach to be shown.
	variantShare = .5
	// variantGain is how much more popular than the word typed a correction must be.
	variantGain = 2
	// rareWord is the largest number of documents of a word that may be corrected or completed.
	rareWord = 500
	// maxVariants is the largest number of corrections and completions of one word.
	maxVariants = 3
)
