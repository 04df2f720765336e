import { USUAL_VARIABLES } from '../../config/choose-url.ts';
import type { Settings } from '../../config/settings.ts';

/** Variables that lead to the project's database, while they lead elsewhere. */
export interface Shield {
  point(url: string): void;
  restore(): void;
}

/**
 * A migration that opens a connection by itself finds its URL in the environment: while
 * migrations are tried, that is the trial's.
 *
 * @param env the process's environment, which the migrations read
 */
export function raiseShield(settings: Settings, env: NodeJS.ProcessEnv): Shield {
  const own = urlOf(settings);
  const names = Object.keys(env).filter((name) => own !== undefined && env[name] === own);
  for (const name of [...USUAL_VARIABLES, settings.urlFrom]) {
    if (env[name] !== undefined && !names.includes(name)) names.push(name);
  }
  const before = names.map((name) => [name, env[name]] as const);
  return {
    point(url) {
      for (const name of names) env[name] = url;
    },
    restore() {
      for (const [name, value] of before) env[name] = value;
    },
  };
}

function urlOf(settings: Settings): string | undefined {
  try {
    return settings.url === '' ? undefined : settings.url;
  } catch {
    // There is none: nothing to be shielded from.
    return undefined;
  }
}
