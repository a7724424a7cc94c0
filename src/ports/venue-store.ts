/** The paper venue's own memory: what a real exchange would keep for us. Saved before an answer leaves the venue. */
export interface VenueStore {
  load(): Promise<Readonly<Record<string, unknown>> | null>
  save(state: Readonly<Record<string, unknown>>): Promise<void>
}
