"""Conformance: worked examples in a neutral vocabulary, held against this firm's rules. The format is told in docs/conformance.md.

Each family of rules has an adapter here that says an example's parameters in our terms and runs our judges. What a term means is in
`firm/rules`; no adapter decides anything of its own, and none looks at what is expected.
"""
