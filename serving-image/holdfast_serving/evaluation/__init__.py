"""Judge a trained candidate beside the champion, package it and publish it."""
