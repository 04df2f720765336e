import { existsSync } from 'node:fs';
import type { Settings } from '../../config/settings.ts';
import { countFindings } from '../../core/checks/count-findings.ts';
import { GodwitError } from '../../errors.ts';
import type { LintFile } from '../../lint/file.ts';
import { type LintTools, lintFiles, own } from '../../lint/lint.ts';
import type { Finding } from '../../ports/finding.ts';
import type { SourceProblem } from '../../ports/source.ts';
import type { LintOptions } from '../options.ts';
import type { Project } from '../project.ts';
import type { LintReport } from '../reports.ts';
import { askLive } from './ask-live.ts';
import { type Collected, collectFiles } from './collect-files.ts';
import { type BaseAnswer, readBase } from './read-base.ts';

/** Looks at files, and asks the database where there is one. Writes nothing, runs nothing. */
export async function lintProject(project: Project, options: LintOptions): Promise<LintReport> {
  const settings = await project.settings();
  const { targets = [], since, all = false, offline = false } = options;
  if (targets.length === 0) refuseMissing(settings);
  const live = await askLive(project, offline);
  const collected = await collectFiles(project, targets, all ? new Set() : live.applied);
  const base =
    since === undefined ? undefined : await readBase(since, settings.root, collected.folders);
  const files = collected.files.filter(({ file }) => isOfInterest(file, base));
  const found = await lintFiles({
    root: settings.root,
    files,
    all: collected.all,
    tools: await findTools(settings, files),
    rules: settings.lint.rules,
    idempotent: settings.lint.idempotent,
    exposedSchemas: exposedBy(settings, collected.all),
    sizes: live.sizes,
    base,
  });
  const findings = [
    ...(live.problem ? keep(live.problem, settings) : []),
    ...problemsOf(collected, settings),
    ...deletedFrom(base, settings),
    ...found,
  ];
  return { findings, summary: countFindings(findings) };
}

function isOfInterest(file: string, base: BaseAnswer | undefined): boolean {
  return base === undefined || base.added.has(file) || base.edited.has(file);
}

function refuseMissing({ dirs }: Settings): void {
  if (dirs.some((dir) => existsSync(dir))) return;
  throw new GodwitError('GODWIT_FOLDER_MISSING', `There is no folder ${dirs.join(', ')}.`, {
    where: { file: dirs[0] },
    state: 'No database was contacted.',
    next: ['name the folder: godwit lint FOLDER', 'or begin one: godwit create NAME'],
  });
}

async function findTools({ root, lint }: Settings, files: readonly LintFile[]): Promise<LintTools> {
  const sql = files.some(({ migration }) => migration?.up !== undefined);
  const squawk = async () => (await import('../../lint/squawk/locate.ts')).locateSquawk(root);
  const secrets = async () => (await import('../../lint/secrets/scan.ts')).loadSecretScanner(root);
  return {
    squawk: lint.squawk && sql ? await squawk() : false,
    secrets: lint.secretlint && files.length > 0 ? await secrets() : false,
  };
}

/** As the checks do, from the files alone: an API is there where its roles are spoken of. */
function exposedBy({ exposedSchemas }: Settings, files: readonly LintFile[]): readonly string[] {
  if (exposedSchemas !== undefined) return exposedSchemas;
  const speaks = files.some(
    ({ language, text }) =>
      language === 'sql' &&
      /\bto\s+"?(?:anon|authenticated)\b|\bauth\.(?:uid|jwt|role)\s*\(/i.test(text),
  );
  return speaks ? ['public'] : [];
}

function problemsOf({ problems }: Collected, settings: Settings): Finding[] {
  return problems.flatMap((problem: SourceProblem) =>
    keep(
      own('GODWIT_LINT_FILE', {
        where: { file: problem.files[0] },
        message: problem.message,
        fix: problem.fix,
      }),
      settings,
    ),
  );
}

function deletedFrom(base: BaseAnswer | undefined, settings: Settings): Finding[] {
  return (base?.deleted ?? []).flatMap((file) =>
    keep(
      own('GODWIT_LINT_DELETED', {
        where: { file },
        message: `${file} is on ${base?.name} and was deleted or renamed here: databases that have applied it will miss it.`,
        fix: `git checkout ${base?.name} -- ${file}`,
      }),
      settings,
    ),
  );
}

function keep(finding: Finding, { lint }: Settings): Finding[] {
  const wanted = Object.hasOwn(lint.rules, finding.code) ? lint.rules[finding.code] : undefined;
  if (wanted === 'off') return [];
  return [wanted === undefined ? finding : { ...finding, severity: wanted }];
}
