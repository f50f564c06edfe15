"""Tests of images and their features."""
