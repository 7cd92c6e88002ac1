import { buildsImage } from '../../spec/rules/ci.ts';
import type { ProjectInput } from '../project.ts';
import { type ProjectFile, projectFile } from '../project-file.ts';
import { deployWorkflow } from './deploy.ts';
import { driftWorkflow } from './drift.ts';
import { pullRequestWorkflow } from './pull-request.ts';

/** GitHub workflows in .github/workflows, for the environment that a merge deploys to. */
export function workflows({ main }: ProjectInput): ProjectFile[] {
  const { ci } = main;
  if (ci.provider !== 'github') return [];
  const folder = '.github/workflows';
  return [
    projectFile(`${folder}/pull-request.yml`, pullRequestWorkflow(main), 'ci.provider'),
    ...(ci.deploy || buildsImage(main) ? [projectFile(`${folder}/deploy.yml`, deployWorkflow(main), 'ci.deploy')] : []),
    ...(ci.drift === 'never' ? [] : [projectFile(`${folder}/drift.yml`, driftWorkflow(main), 'ci.drift')]),
  ];
}
