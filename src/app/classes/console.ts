import type { GodwitEvent } from '../../events.ts';
import type { Direction } from '../../ports/migration.ts';
import type { RunReport, StatusEntry, StatusReport } from '../reports.ts';

const RULE = '─'.repeat(60);

const ICONS: Readonly<Record<StatusEntry['state'], string>> = {
  applied: '✅',
  pending: '⏳',
  running: '🔄',
  failed: '❌',
  interrupted: '❌',
  modified: '⚠️ ',
  missing: '⚠️ ',
};

/** The lines of `MigrationRunner`: what people who wrote such a runner are used to see. */
export class RunnerConsole {
  readonly #log: (line: string) => void;
  readonly #titles = new Map<string, string>();

  constructor(log: (line: string) => void) {
    this.#log = log;
  }

  /** Events name a migration by id; people know it by version and description. */
  know(entries: readonly StatusEntry[]): void {
    for (const entry of entries) this.#titles.set(entry.id, titleOf(entry));
  }

  show(event: GodwitEvent): void {
    switch (event.type) {
      case 'run.started':
        this.#log(
          `\n🔄 ${verb(event.direction)} migration ${this.#titles.get(event.id) ?? event.id}`,
        );
        break;
      case 'run.log':
        this.#log(event.message);
        break;
      case 'sync.done':
        this.#log(`${event.status === 'done' ? '✅' : '❌'} ${event.operation.id}`);
        break;
      case 'history.imported':
        this.#log(`📥 Found in ${event.mirror}, recorded as applied: ${event.ids.join(', ')}`);
        break;
      case 'lock.waiting':
        this.#log(
          `🔒 Waiting for ${holderName(event.holder)} (${Math.round(event.waitedMs / 1000)} s)`,
        );
        break;
      case 'warning':
        this.#log(`⚠️  ${event.message}`);
        break;
      default:
    }
  }

  summary(direction: Direction, { summary: { applied, reverted } }: RunReport): void {
    const done =
      direction === 'up'
        ? `${applied} migration(s) completed`
        : `${reverted} migration(s) rolled back`;
    this.#log(`\n✅ ${done}`);
  }

  status(entries: readonly StatusEntry[], problems: StatusReport['problems'] = []): void {
    this.#log('\n📊 Migration Status:');
    this.#log(RULE);
    for (const entry of entries) {
      const plain = entry.state === 'applied' || entry.state === 'pending';
      this.#log(`${ICONS[entry.state]} ${titleOf(entry)}${plain ? '' : ` (${entry.state})`}`);
    }
    this.#log(RULE);
    this.#log(`Applied: ${entries.filter(isApplied).length}/${entries.length}`);
    for (const { message } of problems) this.#log(`⚠️  ${message}`);
  }
}

/** Whether the database holds its effect, whatever became of the file. */
export function isApplied({ state }: StatusEntry): boolean {
  return state === 'applied' || state === 'modified' || state === 'missing';
}

function titleOf({ version, description, name }: StatusEntry): string {
  return `${version}: ${description ?? name}`;
}

function verb(direction: Direction): string {
  return direction === 'up' ? 'Applying' : 'Rolling back';
}

type Holder = Extract<GodwitEvent, { type: 'lock.waiting' }>['holder'];

function holderName(holder: Holder): string {
  return holder ? `${holder.by.user}@${holder.by.host} (${holder.command})` : 'the lock';
}
