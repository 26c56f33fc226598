// Prints what GitHub's own @actions/core makes of each annotation that is asked for, and what libxml2 says of a report by a schema.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const require = createRequire(`${process.cwd()}/`); // the packages are where this is run, not where it lies
const [what, ...files] = process.argv.slice(2);
if (what === "annotations") {
  const { issueCommand } = await import(pathToFileURL(`${process.cwd()}/node_modules/@actions/core/lib/command.js`));
  for (const [properties, message] of JSON.parse(readFileSync(files[0], "utf8"))) issueCommand("error", properties, message);
} else {
  const { validateXML } = require("xmllint-wasm");
  const [report, schema] = files.map((file) => readFileSync(file, "utf8"));
  const done = await validateXML({ xml: [{ fileName: "report.xml", contents: report }], schema: [schema] });
  for (const one of done.errors) console.log(one.rawMessage);
}
