import { toGodwitError } from '../errors.ts';
import type { Diagnosis } from '../ports/driver.ts';
import { VERSION } from '../version.ts';
import type { Project } from './project.ts';
import { readState, statusesOf } from './read-state.ts';
import type { DoctorReport } from './reports.ts';

/** Looks at all that could be wrong, and goes on when something is. Writes nothing. */
export async function examine(project: Project): Promise<DoctorReport> {
  const diagnoses: Diagnosis[] = [
    ok('runtime', `Node ${process.versions.node}, godwit ${VERSION}`),
  ];
  for (const part of [
    examineSettings,
    examineKeys,
    examineDatabase,
    examineFolder,
    examineStates,
  ]) {
    try {
      diagnoses.push(...(await part(project)));
    } catch (thrown) {
      const { code, message, next } = toGodwitError(thrown);
      diagnoses.push({ code, severity: 'error', message, fix: next?.[0] });
      break;
    }
  }
  return { diagnoses, summary: count(diagnoses) };
}

async function examineSettings(project: Project): Promise<Diagnosis[]> {
  const { configFile, name, driver, urlFrom } = await project.settings();
  return [
    ok('config', configFile ?? 'no config file: flags, environment and defaults'),
    ok('database', `${name}: ${driver}, URL from ${urlFrom}`),
  ];
}

/** Supabase's keys, by what they look like: nothing is asked, and none is shown. */
async function examineKeys(project: Project): Promise<Diagnosis[]> {
  const { root } = await project.settings();
  const { withEnvFiles } = await import('../config/env-files.ts');
  const env = await withEnvFiles(
    root,
    ['.env', '.env.local'],
    project.options.processEnv ?? process.env,
  );
  if (!Object.keys(env).some((name) => name.includes('SUPABASE'))) return [];
  const { checkSupabaseKeys } = await import('../core/supabase-keys.ts');
  return checkSupabaseKeys(env, new Date()).map(({ severity, message, fix }) => ({
    code: 'supabase.key',
    severity,
    message,
    fix,
  }));
}

async function examineDatabase(project: Project): Promise<Diagnosis[]> {
  const driver = await project.driver();
  return driver.diagnose();
}

async function examineFolder(project: Project): Promise<Diagnosis[]> {
  const { migrations, problems } = await project.list();
  return [
    ok('folder', `${migrations.length} migrations`),
    ...problems.map(({ code, message, fix }) => ({
      code,
      severity: 'error' as const,
      message,
      fix,
    })),
  ];
}

async function examineStates(project: Project): Promise<Diagnosis[]> {
  const statuses = statusesOf(await readState(project));
  const troubled = statuses.filter((s) =>
    ['failed', 'interrupted', 'modified', 'missing'].includes(s.state),
  );
  if (troubled.length === 0)
    return [ok('states', 'no failed, interrupted, modified or missing ones')];
  return troubled.map(({ id, state }) => ({
    code: `state.${state}`,
    severity: 'warning',
    message: `${id} is ${state}`,
    fix: `godwit show ${id}`,
  }));
}

function ok(code: string, message: string): Diagnosis {
  return { code, severity: 'ok', message };
}

function count(diagnoses: readonly Diagnosis[]): DoctorReport['summary'] {
  const of = (...severities: Diagnosis['severity'][]): number =>
    diagnoses.filter((diagnosis) => severities.includes(diagnosis.severity)).length;
  return { ok: of('ok', 'info'), warning: of('warning'), error: of('error') };
}
