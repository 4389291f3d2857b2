package account

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"

	"grenier/internal/fault"
)

// seal hides and signs a value for a purpose: AES-256-GCM under a key of its
// own, the nonce in front, as text that fits an address or a cookie.
func (w *Writer) seal(purpose string, value any) (string, error) {
	plain, err := json.Marshal(value)
	if err != nil {
		return "", err
	}
	sealer, err := w.sealer(purpose)
	if err != nil {
		return "", err
	}
	nonce := make([]byte, sealer.NonceSize())
	if _, err := rand.Read(nonce); err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(sealer.Seal(nonce, nonce, plain, []byte(purpose))), nil
}

// maxSealed bounds what is opened, in bytes.
const maxSealed = 16 << 10

// errSealed answers what was not sealed here, or for another purpose.
var errSealed = fault.New(fault.Invalid, "This step is not valid any more: begin again.")

// open reads what was sealed for a purpose into value, a pointer.
func (w *Writer) open(purpose, sealed string, value any) error {
	if len(sealed) > maxSealed {
		return errSealed
	}
	raw, err := base64.RawURLEncoding.DecodeString(sealed)
	if err != nil {
		return errSealed
	}
	sealer, err := w.sealer(purpose)
	if err != nil {
		return err
	}
	if len(raw) < sealer.NonceSize() {
		return errSealed
	}
	plain, err := sealer.Open(nil, raw[:sealer.NonceSize()], raw[sealer.NonceSize():], []byte(purpose))
	if err != nil {
		return errSealed
	}
	return json.Unmarshal(plain, value)
}

func (w *Writer) sealer(purpose string) (cipher.AEAD, error) {
	block, err := aes.NewCipher(derivedKey(w.deps.Secret, "seal "+purpose))
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}
