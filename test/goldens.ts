/** `npm run goldens`: rewrites the golden files to what the program makes now. Read the difference before you commit it. */
import { execaNode } from 'execa';

process.env.UPDATE_GOLDENS = '1';
for (const folder of ['test/cases', 'test/report']) {
  await execaNode('node_modules/uvu/bin.js', [folder, '\\.test\\.ts$'], {
    nodeOptions: ['--import', 'tsx'],
    stdio: 'inherit',
  });
}
