/** How large a table or collection is and how much is going on in it, by estimates. */
export interface TableActivity {
  /** PostgreSQL; absent where there are no schemas. */
  readonly schema?: string | undefined;
  readonly name: string;
  readonly rows: number;
  /** With indexes. */
  readonly bytes: number;
  /** Scans and changed rows per second, on average since the server counts. */
  readonly perSecond?: number | undefined;
}
