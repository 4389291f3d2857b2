package portal

import "grenier/internal/image"

// shade picks the colour of an object's monogram, from 1 to 5: that of the
// picture which stands in for it elsewhere.
func shade(id string) int { return image.Tone(id) }
