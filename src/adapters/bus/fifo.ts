/** A queue in a circular buffer: adding, taking and reading by place cost the same however long it is. */
export class Fifo<T extends object> {
  /** The length is a power of two, so that wrapping around is one bitwise and. */
  #items: (T | undefined)[] = new Array<T | undefined>(8).fill(undefined)
  #head = 0
  #size = 0

  get size(): number {
    return this.#size
  }

  /** The item at a place counted from the oldest. */
  at(place: number): T | undefined {
    return place < this.#size ? this.#items[(this.#head + place) & (this.#items.length - 1)] : undefined
  }

  push(item: T): void {
    if (this.#size === this.#items.length) this.#grow()
    this.#items[(this.#head + this.#size) & (this.#items.length - 1)] = item
    this.#size += 1
  }

  shift(): T | undefined {
    if (this.#size === 0) return undefined
    const item = this.#items[this.#head]
    this.#items[this.#head] = undefined
    this.#head = (this.#head + 1) & (this.#items.length - 1)
    this.#size -= 1
    return item
  }

  replaceAt(place: number, item: T): void {
    this.#items[(this.#head + place) & (this.#items.length - 1)] = item
  }

  /** Takes one out of the middle; costs as much as there is behind it. */
  removeAt(place: number): void {
    const mask = this.#items.length - 1
    for (let behind = place; behind < this.#size - 1; behind += 1) {
      this.#items[(this.#head + behind) & mask] = this.#items[(this.#head + behind + 1) & mask]
    }
    this.#items[(this.#head + this.#size - 1) & mask] = undefined
    this.#size -= 1
  }

  /** Oldest first. */
  toArray(): T[] {
    const items: T[] = []
    for (let place = 0; place < this.#size; place += 1) {
      const item = this.at(place)
      if (item !== undefined) items.push(item)
    }
    return items
  }

  #grow(): void {
    const items = this.toArray()
    this.#items = [...items, ...new Array<T | undefined>(items.length).fill(undefined)]
    this.#head = 0
  }
}
