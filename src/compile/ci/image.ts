/** Jobs that build the program's image. */
import type { ResolvedSpec } from '../../spec/resolve.ts';
import { from } from '../trace.ts';
import { actions } from './actions.ts';
import { checkout, expression, job, uses, type YamlMap } from './steps.ts';

const registry = 'ghcr.io';

/** What the image is built from: the files that this project compiles. */
const built = ({ app }: ResolvedSpec): YamlMap => ({
  context: from('app.source', app.source),
  file: 'containers/Dockerfile',
});

const buildx = () => uses(actions.setupBuildx);

/** Whether the image can be built, for pull requests: nothing is pushed. */
export const imageTrial = (spec: ResolvedSpec): YamlMap =>
  job(
    spec,
    'Image',
    { contents: 'read' },
    {
      steps: [checkout(), buildx(), uses(actions.buildPush, { ...built(spec), push: false })],
    },
  );

/** The right to push is the workflow's own token, which ends with the job. */
const logIn = () =>
  uses(actions.login, {
    registry,
    username: expression('github.actor'),
    password: expression('github.token'),
  });

const metadata = ({ app }: ResolvedSpec): YamlMap => ({
  ...uses(actions.metadata, {
    images: from('app.image', app.image ?? ''),
    tags: [
      'type=sha',
      'type=ref,event=branch',
      'type=semver,pattern={{version}}',
      'type=semver,pattern={{major}}.{{minor}}',
      '',
    ].join('\n'),
  }),
  id: 'metadata',
});

const push = (spec: ResolvedSpec): YamlMap => ({
  ...uses(actions.buildPush, {
    ...built(spec),
    push: true,
    tags: expression('steps.metadata.outputs.tags'),
    labels: expression('steps.metadata.outputs.labels'),
    'no-cache': true,
    provenance: 'mode=max',
    sbom: true,
  }),
  id: 'build',
});

/** Says, signed, that this workflow built the image of that digest from this commit. */
const attest = ({ app }: ResolvedSpec): YamlMap =>
  uses(actions.attest, {
    'subject-name': from('app.image', app.image ?? ''),
    'subject-digest': expression('steps.build.outputs.digest'),
    'push-to-registry': true,
  });

/** Builds the image once, pushes it, and attests where it came from and what is in it. */
export const imageBuild = (spec: ResolvedSpec): YamlMap =>
  job(
    spec,
    'Image',
    { contents: 'read', packages: 'write', 'id-token': 'write', attestations: 'write', 'artifact-metadata': 'write' },
    {
      outputs: { digest: expression('steps.build.outputs.digest') },
      steps: [checkout(), buildx(), logIn(), metadata(spec), push(spec), attest(spec)],
    },
  );

/** Refuses an image with known vulnerabilities that a newer package would mend. It has no secrets, and reads only. */
export const imageScan = (spec: ResolvedSpec): YamlMap =>
  job(
    spec,
    'Scan',
    { packages: 'read' },
    {
      needs: ['image'],
      env: {
        IMAGE: from('app.image', spec.app.image ?? ''),
        DIGEST: expression('needs.image.outputs.digest'),
        TRIVY_USERNAME: expression('github.actor'),
        TRIVY_PASSWORD: expression('github.token'),
      },
      steps: [
        uses(actions.trivy, {
          'image-ref': expression("format('{0}@{1}', env.IMAGE, env.DIGEST)"),
          severity: 'HIGH,CRITICAL',
          'ignore-unfixed': true,
          'exit-code': '1',
          cache: 'false',
        }),
      ],
    },
  );
