"""hemu as an ML backend of Label Studio: the annotators of a workspace, loaded once, asked over HTTP."""
