/** The console's page. */

// Before all others: see there.
import "./words/locale.ts";

import { render } from "preact";
import { connect } from "./link/connection.ts";
import { App } from "./shell/app.tsx";

const root = document.getElementById("app");
if (root !== null) render(<App />, root);
void connect();
