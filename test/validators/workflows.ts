import { parserProblems } from './workflow-parser.ts';
import { brokenRules } from './workflow-rules.ts';

/** What is wrong with a compiled workflow, by GitHub's own parser and by the rules that it does not know. */
export const workflowProblems = (path: string, text: string): string[] => {
  const unread = parserProblems(path, text);
  return unread.length > 0 ? unread : brokenRules(text);
};
