/** Chance and ids that are the same for the same seed: replays, the simulated market, tests. */
import type { IdSource, RandomSource } from '../../ports/clock.ts'

/**
 * A 32-bit hash of a text, one of many by `salt`. Mixing steps and constants are those of MurmurHash3 (Austin Appleby,
 * public domain), fed one UTF-16 code unit at a time.
 */
function hash(text: string, salt: number): number {
  let mixed = salt | 0
  for (let index = 0; index < text.length; index += 1) {
    let unit = Math.imul(text.charCodeAt(index), 0xcc9e2d51)
    unit = (unit << 15) | (unit >>> 17)
    mixed ^= Math.imul(unit, 0x1b873593)
    mixed = (mixed << 13) | (mixed >>> 19)
    mixed = (Math.imul(mixed, 5) + 0xe6546b64) | 0
  }
  mixed ^= text.length
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return (mixed ^ (mixed >>> 16)) | 0
}

/** Four unlike salts: the first 32 fractional bits of √2, √3, √5 and √7. */
const SALTS = [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a] as const
/** Draws thrown away so that every state bit has reached every other. */
const WARM_UP_DRAWS = 16

/** Generator sfc32 (Chris Doty-Humphrey, PractRand, public domain): 96 bits of chaos and a 32-bit counter. */
function sfc32(seed: string): () => number {
  let a = hash(seed, SALTS[0])
  let b = hash(seed, SALTS[1])
  let c = hash(seed, SALTS[2])
  let counter = hash(seed, SALTS[3])
  const draw = (): number => {
    const drawn = (a + b + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (((c << 21) | (c >>> 11)) + drawn) | 0
    return drawn >>> 0
  }
  for (let index = 0; index < WARM_UP_DRAWS; index += 1) draw()
  return draw
}

/**
 * A repeatable sequence with 53 random bits a draw; not for secrets. The seed is taken as text: `7` and `'7'` are one.
 * A stream depends on the seed and its name only, not on what has been drawn before.
 */
export function seededRandom(seed: string | number): RandomSource {
  const root = String(seed)
  const draw = sfc32(root)
  return {
    next() {
      const high = draw() >>> 5
      const low = draw() >>> 6
      return (high * 2 ** 26 + low) / 2 ** 53
    },
    // The length keeps the stream `a` of the stream `b` apart from a stream named `a` and `b` together.
    stream: (name) => seededRandom(`${root}>${name.length}:${name}`),
  }
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))
const hexByte = (word: number, shift: number): string => HEX[(word >>> shift) & 0xff] ?? ''
const hexPair = (word: number, shift: number): string => hexByte(word, shift + 8) + hexByte(word, shift)

/**
 * Ids in the form of UUID v4 (RFC 9562 §5.4), drawn from `random`: four draws an id. Hand in a stream of its own, so
 * that the number of ids taken does not move anybody else's chance.
 */
export function seededIds(random: RandomSource): IdSource {
  const word = (): number => Math.floor(random.next() * 2 ** 32) | 0
  return {
    next() {
      const first = word()
      const second = (word() & 0xffff0fff) | 0x4000
      const third = (word() & 0x3fffffff) | 0x80000000
      const fourth = word()
      return `${hexPair(first, 16)}${hexPair(first, 0)}-${hexPair(second, 16)}-${hexPair(second, 0)}-${hexPair(third, 16)}-${hexPair(third, 0)}${hexPair(fourth, 16)}${hexPair(fourth, 0)}`
    },
  }
}
