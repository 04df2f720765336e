import type { OptionSpec } from './command-spec.ts';
import { collect, collectVariables, parseDuration } from './parse-values.ts';

export interface OptionGroup {
  readonly heading: string;
  readonly options: readonly OptionSpec[];
}

/** Flags that every command takes. */
export const GLOBAL_OPTIONS: readonly OptionGroup[] = [
  {
    heading: 'Database:',
    options: [
      {
        flags: '--url <url>',
        description: 'connection URL: mongodb:, postgres:, pglite: or embedded:',
      },
      {
        flags: '--driver <name>',
        description: 'instead of reading it from the URL',
        choices: ['mongodb', 'postgres', 'pglite'],
      },
      {
        flags: '--database <name>',
        description: "which of the config's databases",
        completes: 'database',
      },
      { flags: '--role <role>', description: 'PostgreSQL: SET ROLE for the work' },
      { flags: '--tls', description: 'connect with TLS' },
      { flags: '--tls-ca <file>', description: 'PEM file with the CA to trust', completes: 'file' },
      {
        flags: '--tls-cert <file>',
        description: "PEM file with the client's certificate",
        completes: 'file',
      },
      {
        flags: '--tls-key <file>',
        description: "PEM file with the client's key",
        completes: 'file',
      },
      { flags: '--tls-insecure', description: "do not check the server's certificate" },
      {
        flags: '--connect-timeout <duration>',
        description: 'how long to try to connect (4s)',
        parse: parseDuration,
      },
    ],
  },
  {
    heading: 'Project:',
    options: [
      { flags: '-C, --cwd <folder>', description: 'run as if started there', completes: 'folder' },
      { flags: '--config <file>', description: 'the config to read', completes: 'file' },
      { flags: '--no-config', description: 'read no config' },
      {
        flags: '--dir <folder>',
        description: 'folder of migrations; repeatable',
        parse: collect,
        completes: 'folder',
      },
      { flags: '--format <name>', description: 'format of the files (auto)' },
      {
        flags: '--env-file <file>',
        description: 'variables to read; repeatable',
        parse: collect,
        completes: 'file',
      },
      { flags: '--environment <name>', description: 'such as production, which asks more' },
      { flags: '--mirror <name>', description: "keep another tool's records in step" },
      {
        flags: '--store-schema <name>',
        description: "PostgreSQL: schema of godwit's tables (godwit)",
      },
      {
        flags: '--store-prefix <prefix>',
        description: "MongoDB: prefix of godwit's collections (godwit_)",
      },
      {
        flags: '--var <name=value>',
        description: 'variable for SQL files; repeatable',
        parse: collectVariables,
      },
    ],
  },
  {
    heading: 'Lock:',
    options: [
      {
        flags: '--lock-timeout <duration>',
        description: 'how long to wait for the lock (60s; 0 fails at once)',
        parse: parseDuration,
      },
      {
        flags: '--lock-lease <duration>',
        description: 'length of a lease (15s)',
        parse: parseDuration,
      },
      {
        flags: '--lock <kind>',
        description: 'PostgreSQL: kind of lock (auto)',
        choices: ['auto', 'advisory', 'lease'],
      },
    ],
  },
  {
    heading: 'Output:',
    options: [
      { flags: '--json', description: 'one JSON document on stdout, text on stderr' },
      { flags: '--json-lines', description: 'each event as a line of JSON, then the document' },
      { flags: '--no-color', description: 'no colours' },
      { flags: '-q, --quiet', description: 'only results and errors' },
      { flags: '--verbose', description: 'more detail' },
      { flags: '--debug', description: 'stacks of errors' },
      { flags: '-y, --yes', description: 'answer every question with yes' },
    ],
  },
];

/** What the flags are called once parsed. */
export interface GlobalValues {
  readonly url?: string;
  readonly driver?: 'mongodb' | 'postgres' | 'pglite';
  readonly database?: string;
  readonly role?: string;
  readonly tls?: boolean;
  readonly tlsCa?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly tlsInsecure?: boolean;
  readonly connectTimeout?: number;
  readonly cwd?: string;
  /** `false` for `--no-config`. */
  readonly config?: string | boolean;
  readonly dir?: readonly string[];
  readonly format?: string;
  readonly envFile?: readonly string[];
  readonly environment?: string;
  readonly mirror?: string;
  readonly storeSchema?: string;
  readonly storePrefix?: string;
  readonly var?: Readonly<Record<string, string>>;
  readonly lockTimeout?: number;
  readonly lockLease?: number;
  readonly lock?: 'auto' | 'advisory' | 'lease';
  readonly json?: boolean;
  readonly jsonLines?: boolean;
  readonly color?: boolean;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
  readonly debug?: boolean;
  readonly yes?: boolean;
}
