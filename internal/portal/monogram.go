package portal

import "hash/fnv"

// shades is the number of colours of monograms.
const shades = 5

// shade picks the colour of an object's monogram, from 1 to shades.
func shade(id string) int {
	h := fnv.New32a()
	h.Write([]byte(id))
	return int(h.Sum32()%shades) + 1
}
