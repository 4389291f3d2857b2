package searchbench

import (
	"encoding/csv"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"slices"
	"strings"
	"unicode"

	"grenier/internal/search"
)

// Question is a question with the id of what was looked for.
type Question struct {
	Text     string
	Filters  []search.Filter
	Expected string
}

// Questions reads a CSV file with the columns query, params (as in an address) and expected.
func Questions(path string) ([]Question, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	var list []Question
	for _, row := range rows[1:] {
		q := Question{Text: row[0], Expected: row[2]}
		params, err := url.ParseQuery(row[1])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		for name, values := range params {
			q.Filters = append(q.Filters, search.Filter{Field: name, Values: values, All: name == "tag"})
		}
		list = append(list, q)
	}
	return list, nil
}

// Score is how well a list of questions was answered.
type Score struct {
	Questions int
	// First, TopTen and Found are the parts of the questions whose document came first, among ten, among fifty.
	First, TopTen, Found float64
	// MRR is the mean of 1/rank, 0 for what was not among fifty; MRRByWanted is the mean over the wanted documents of
	// the mean of their questions.
	MRR, MRRByWanted float64
	// Missed are the questions whose document did not come first, with its rank (0: not among fifty).
	Missed []Missed
}

// Missed is a question whose document did not come first.
type Missed struct {
	Question
	Rank int
}

// depth is how far the wanted document is looked for.
const depth = 50

// Evaluate asks an engine questions about documents of a kind that are not archived.
func Evaluate(engine *search.Engine, kind search.Kind, questions []Question) Score {
	score := Score{Questions: len(questions)}
	byWanted := map[string][]float64{}
	visible := false
	for _, q := range questions {
		result := engine.Search(search.Query{Kind: kind, Text: q.Text, Filters: q.Filters, Archived: &visible, Limit: depth})
		rank := 1 + slices.IndexFunc(result.Hits, func(h search.Hit) bool { return h.ID == q.Expected })
		reciprocal := 0.0
		if rank > 0 {
			reciprocal = 1 / float64(rank)
			score.Found++
		}
		if rank > 0 && rank <= 10 {
			score.TopTen++
		}
		if rank == 1 {
			score.First++
		} else {
			score.Missed = append(score.Missed, Missed{q, rank})
		}
		score.MRR += reciprocal
		byWanted[q.Expected] = append(byWanted[q.Expected], reciprocal)
	}
	for _, list := range byWanted {
		sum := 0.0
		for _, reciprocal := range list {
			sum += reciprocal
		}
		score.MRRByWanted += sum / float64(len(list)) / float64(len(byWanted))
	}
	n := float64(max(1, len(questions)))
	score.First, score.TopTen, score.Found, score.MRR = score.First/n, score.TopTen/n, score.Found/n, score.MRR/n
	return score
}

// String gives the score in one line.
func (s Score) String() string {
	return fmt.Sprintf("%d questions: first %.3f, top ten %.3f, found %.3f, MRR %.4f, MRR by wanted document %.4f",
		s.Questions, s.First, s.TopTen, s.Found, s.MRR, s.MRRByWanted)
}

// Misspelt gives up to per variants of each question with one random typing error in a word of five letters or more:
// a letter left out, doubled, changed, or swapped with the next. The same seed gives the same errors.
func Misspelt(questions []Question, per int, seed uint64) []Question {
	random := rand.New(rand.NewPCG(seed, 1))
	var list []Question
	for _, q := range questions {
		for range per {
			if wrong, ok := misspell(q.Text, random); ok {
				list = append(list, Question{wrong, q.Filters, q.Expected})
			}
		}
	}
	return list
}

func misspell(s string, random *rand.Rand) (string, bool) {
	letters := []rune(s)
	var places [][2]int
	start := 0
	for i := 0; i <= len(letters); i++ {
		if i == len(letters) || !unicode.IsLetter(letters[i]) {
			if i-start >= 5 {
				places = append(places, [2]int{start, i})
			}
			start = i + 1
		}
	}
	if len(places) == 0 {
		return "", false
	}
	place := places[random.IntN(len(places))]
	at := place[0] + random.IntN(place[1]-place[0])
	letter := rune('a' + random.IntN(26))
	switch random.IntN(4) {
	case 0:
		letters = slices.Delete(letters, at, at+1)
	case 1:
		letters = slices.Insert(letters, at, letter)
	case 2:
		letters[at] = letter
	default:
		at = min(at, place[1]-2)
		letters[at], letters[at+1] = letters[at+1], letters[at]
	}
	return string(letters), !strings.EqualFold(string(letters), s)
}

// Unfinished gives the questions whose last word has at least five letters without the last third of that word.
func Unfinished(questions []Question) []Question {
	var list []Question
	for _, q := range questions {
		letters := []rune(strings.TrimSpace(q.Text))
		start := len(letters)
		for start > 0 && unicode.IsLetter(letters[start-1]) {
			start--
		}
		if length := len(letters) - start; length >= 5 {
			list = append(list, Question{string(letters[:len(letters)-length/3]), q.Filters, q.Expected})
		}
	}
	return list
}
